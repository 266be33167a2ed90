package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.outcome;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.Health;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Verdict;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Telemetry that was old when it was read, and telemetry that never came. */
final class BacklogTopologyTest extends TopologyCase {

    private static final Duration OUTAGE = Duration.ofHours(1);

    @Test
    void shouldCommandNothingFromStaleTelemetryButActOnWhatIsStillTrue() {
        guard.wait(OUTAGE);
        guard.calm(0, 60);
        guard.send(spike(60));
        assertThat(guard.anomalies()).isNotEmpty();
        assertThat(guard.commands()).isEmpty();
        assertThat(guard.decisions())
                .extracting(Decision::getReason)
                .containsExactly("stale: re-evaluated, cut-learning-rate is withheld until telemetry is fresh");
        assertThat(guard.states()).last().satisfies(state -> {
            assertThat(state.getHealth()).isEqualTo(Health.UNKNOWN);
            assertThat(state.getHealthReason()).isEqualTo("its telemetry is 3594 s old");
        });

        guard.send(fresh(spike(61)));
        assertThat(guard.commands())
                .extracting(InterventionCommand::getDecidedAtStep)
                .containsExactly(61L);
        assertThat(guard.states()).last().extracting(RunState::getHealth).isEqualTo(Health.ALARM);
    }

    @Test
    void shouldNotActOnWhatIsTrueNoMore() {
        guard.wait(OUTAGE);
        guard.calm(0, 60);
        guard.send(spike(60));
        for (long step = 61; step < 90; step++) {
            guard.send(fresh(calm(step).build()));
        }
        assertThat(guard.commands()).isEmpty();
        assertThat(guard.anomalies()).last().matches(this::isCleared);
        assertThat(guard.states()).last().extracting(RunState::getHealth).isEqualTo(Health.OK);
    }

    @Test
    void shouldLookAtNothingStaleWhenItSkips() {
        under("backlog: {handling: skip}", Mode.ENFORCE);
        guard.calm(0, 60);
        guard.wait(OUTAGE);
        guard.calm(60, 75);
        guard.send(spike(75));
        assertThat(guard.anomalies()).isEmpty();
        assertThat(guard.decisions()).isEmpty();
        assertThat(guard.states()).last().satisfies(state -> {
            assertThat(state.getHealth()).isEqualTo(Health.UNKNOWN);
            assertThat(state.getLastStep()).isEqualTo(75);
        });
        guard.send(fresh(spike(76)));
        assertThat(guard.commands()).as("by the baselines from before").hasSize(1);
    }

    @Test
    void shouldTakeStaleTelemetryForFreshWhenItProcesses() {
        under("backlog: {handling: process}", Mode.ENFORCE);
        guard.wait(OUTAGE);
        guard.calm(0, 60);
        guard.send(spike(60));
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldRollNothingBackFromStaleTelemetry() {
        outgrow();
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 31));
        guard.wait(OUTAGE);
        sendWithLargeLogits(31, 60, 9);
        assertThat(guard.commands()).isEmpty();
        assertThat(verdicts()).doesNotContain(Verdict.HARMFUL);
        guard.send(fresh(calm(60).setMaxAttentionLogit(40).setLoss(9).build()));
        assertThat(guard.commands()).extracting(InterventionCommand::getUndoes).isNotEmpty();
    }

    @Test
    void shouldNeitherClearNorJudgeByStepsThatWereNotSeen() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.anomalies();
        guard.send(calm(400).build());
        assertThat(guard.anomalies()).isEmpty();
        assertThat(guard.states()).last().satisfies(state -> {
            assertThat(state.getHealth()).isEqualTo(Health.UNKNOWN);
            assertThat(state.getHealthReason()).isEqualTo("339 steps before step 400 were not seen");
        });
        guard.calm(401, 405);
        assertThat(guard.anomalies()).isEmpty();
        guard.calm(405, 430);
        assertThat(guard.anomalies()).hasSize(2).allMatch(this::isCleared);
    }

    @Test
    void shouldNotTriggerOnTheFirstStepAfterALongGap() {
        guard.calm(0, 60);
        guard.send(spike(400));
        assertThat(guard.anomalies()).isEmpty();
        guard.send(spike(401));
        assertThat(guard.anomalies()).isNotEmpty();
    }

    private static StepTelemetry fresh(StepTelemetry stale) {
        return StepTelemetry.newBuilder(stale)
                .setTimestampMs(stale.getTimestampMs() + OUTAGE.toMillis())
                .build();
    }
}
