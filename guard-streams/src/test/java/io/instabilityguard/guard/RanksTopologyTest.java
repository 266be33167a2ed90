package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.layer;
import static io.instabilityguard.guard.Telemetry.outcome;
import static io.instabilityguard.guard.Telemetry.sampled;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.Health;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Runs of two ranks: pipeline stages that measure different matrices, and commands that both of them answer. */
final class RanksTopologyTest extends TopologyCase {

    @Test
    void shouldJudgeTheSpectraOfAllStagesTogether() {
        stages(0, 30, 1);
        stages(30, 31, 3);
        assertThat(guard.anomalies()).isEmpty();
        guard.send(ofTwo(31).setMaxAttentionLogit(40).build());
        assertThat(guard.commands())
                .singleElement()
                .satisfies(command -> assertThat(command.getLayers()).containsExactly("stages.1.query"));
    }

    @Test
    void shouldSayUnknownAndDecideNothingWhileAStageIsMissing() {
        stages(0, 30, 1);
        for (long step = 30; step < 60; step++) {
            guard.send(stage(step, 0, 3).setMaxAttentionLogit(40).build());
        }
        assertThat(guard.anomalies()).isEmpty();
        assertThat(guard.states()).last().satisfies(state -> {
            assertThat(state.getHealth()).isEqualTo(Health.UNKNOWN);
            assertThat(state.getHealthReason()).contains("no rank measured stages.1.query at step");
        });
        stages(60, 62, 1);
        assertThat(guard.states()).last().extracting(RunState::getHealth).isEqualTo(Health.OK);
    }

    @Test
    void shouldGoOnWithoutASilentReplicaOnceItHadItsGrace() {
        for (long step = 0; step < 60; step++) {
            guard.send(sampled(step, step < 30 ? 1 : 3, 1)
                    .setWorldSize(2)
                    .setMaxAttentionLogit(step < 52 ? 5 : 40)
                    .build());
        }
        assertThat(guard.states()).extracting(RunState::getHealth).doesNotContain(Health.UNKNOWN);
        assertThat(guard.commands())
                .first()
                .satisfies(command -> assertThat(command.getLayers()).containsExactly("blocks.0.attention.query"));
    }

    @Test
    void shouldRememberHalfAStepAcrossARestart() {
        stages(0, 30, 1);
        guard.send(stage(30, 0, 1).build());
        try (GuardDriver next = enforcing("")) {
            next.restoreFrom(guard);
            next.send(stage(30, 1, 3).build());
            next.send(ofTwo(31).setMaxAttentionLogit(40).build());
            assertThat(next.commands()).hasSize(1);
        }
    }

    @Test
    void shouldTakeUpARunThatResumesWithAnotherWorldSize() {
        stages(0, 30, 1);
        guard.send(stage(30, 0, 1).build());
        for (long step = 20; step < 60; step++) {
            guard.send(resumed(step, step < 50 ? 1 : 3, step < 52 ? 5 : 40));
        }
        assertThat(guard.states()).last().extracting(RunState::getHealth).isEqualTo(Health.ALARM);
        InterventionCommand command = guard.commands().get(0);
        assertThat(command.getGeneration()).isEqualTo(Telemetry.GENERATION + 1);
        assertThat(command.getLayers()).containsExactly("blocks.0.attention.query");
        guard.answer(outcome(command, OutcomeStatus.APPLIED, 61));
        for (long step = 60; step < 100; step++) {
            guard.send(resumed(step, 3, 40));
        }
        assertThat(verdicts()).isNotEmpty();
    }

    @Test
    void shouldCountACommandAsAppliedWhenAllRanksHaveAppliedIt() {
        InterventionCommand command = commanded();
        guard.answer(of(0, command, OutcomeStatus.APPLIED));
        calm(61, 100);
        assertThat(verdicts()).isEmpty();
        guard.answer(of(1, command, OutcomeStatus.APPLIED));
        calm(100, 101);
        assertThat(verdicts()).containsExactly(Verdict.NEUTRAL);
    }

    @Test
    void shouldAskAgainWhenOneRankRefused() {
        InterventionCommand command = commanded();
        guard.answer(of(0, command, OutcomeStatus.APPLIED));
        guard.answer(of(1, command, OutcomeStatus.FAILED));
        assertThat(guard.decisions())
                .last()
                .extracting(Decision::getReason)
                .asString()
                .contains("FAILED", "of 2 ranks, these applied it: [0]");
        calm(61, 68);
        assertThat(guard.commands()).hasSize(1);
    }

    private InterventionCommand commanded() {
        calm(0, 60);
        guard.send(StepTelemetry.newBuilder(spike(60)).setWorldSize(2).build());
        return guard.commands().get(0);
    }

    private void calm(long from, long to) {
        for (long step = from; step < to; step++) {
            guard.send(ofTwo(step).build());
        }
    }

    private void stages(long from, long to, double norm) {
        for (long step = from; step < to; step++) {
            guard.send(stage(step, 0, 1).build());
            guard.send(stage(step, 1, norm).build());
        }
    }

    /** The record of one stage: rank 0 has a perceptron, rank 1 a query matrix of this Frobenius norm. */
    private static StepTelemetry.Builder stage(long step, int processRank, double norm) {
        return ofTwo(step)
                .setProcessRank(processRank)
                .setSpectraStep(step)
                .setLayers(List.of(
                        processRank == 0
                                ? layer("stages.0.up", MatrixRole.MLP_UP, norm, 8)
                                : layer("stages.1.query", MatrixRole.QUERY, norm, 8)));
    }

    /** A record of the same run, restarted from a checkpoint in one process that holds all layers. */
    private static StepTelemetry resumed(long step, double norm, double logit) {
        return sampled(step, norm, 1)
                .setGeneration(Telemetry.GENERATION + 1)
                .setMaxAttentionLogit(logit)
                .build();
    }

    private static StepTelemetry.Builder ofTwo(long step) {
        return Telemetry.calm(step).setWorldSize(2);
    }

    private static InterventionOutcome of(int processRank, InterventionCommand command, OutcomeStatus status) {
        return InterventionOutcome.newBuilder(outcome(command, status, 61))
                .setProcessRank(processRank)
                .build();
    }
}
