package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.outcome;
import static io.instabilityguard.guard.Telemetry.sampled;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.Verdict;
import org.junit.jupiter.api.Test;

/** How the effect of commands is judged, and what follows. */
final class VerdictTopologyTest extends TopologyCase {

    @Test
    void shouldJudgeACutEffectiveWhenTheSpikesStop() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 61));
        for (long step = 61; step < 82; step++) {
            guard.send(calm(step).setLearningRateScale(0.5).build());
        }
        assertThat(verdicts()).containsExactly(Verdict.EFFECTIVE);
    }

    @Test
    void shouldJudgeAnMsignNeutralWhenTheLogitsStayLarge() {
        outgrow();
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 31));
        sendWithLargeLogits(31, 37, 2.5);
        assertThat(verdicts()).containsExactly(Verdict.NEUTRAL);
    }

    @Test
    void shouldPauseAfterAHarmfulMsign() {
        outgrow();
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 31));
        sendWithLargeLogits(31, 37, 5);
        assertThat(verdicts()).containsExactly(Verdict.HARMFUL);
        assertThat(guard.commands())
                .extracting(InterventionCommand::getKind)
                .containsExactly(InterventionKind.ROLL_BACK);
        sendWithLargeLogits(37, 237, 5);
        assertThat(guard.commands()).isEmpty();
        sendWithLargeLogits(237, 238, 5);
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldJudgeACutThatChangedNothingNeutral() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 61));
        guard.calm(61, 82);
        assertThat(guard.decisions()).last().satisfies(decision -> {
            assertThat(decision.getVerdict()).isEqualTo(Verdict.NEUTRAL);
            assertThat(decision.getReason()).contains("learningRateScale FALLS");
        });
    }

    @Test
    void shouldJudgeAnMsignThatChangedNothingNeutralAlthoughTheAlarmIsOver() {
        outgrow();
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 31));
        guard.send(sampled(31, 1, 1).setMaxAttentionLogit(40).build());
        sendWithLargeLogits(32, 37, 2.5);
        assertThat(verdicts()).containsExactly(Verdict.NEUTRAL);
    }

    @Test
    void shouldJudgeAnMsignEffectiveWhenTheLogitsFall() {
        guard.send(sampled(0, 1, 1).build());
        guard.calm(1, 20);
        sendWithLargeLogits(20, 30, 2.5);
        guard.send(sampled(30, 3, 1).setMaxAttentionLogit(40).build());
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 31));
        for (long step = 31; step < 37; step++) {
            guard.send(calm(step).setMaxAttentionLogit(2).build());
        }
        assertThat(verdicts()).containsExactly(Verdict.EFFECTIVE);
    }

    @Test
    void shouldRollBackWhatDidHarmOnceAndRecordTheAnswer() {
        outgrow();
        InterventionCommand msign = guard.commands().get(0);
        guard.answer(outcome(msign, OutcomeStatus.APPLIED, 31));
        sendWithLargeLogits(31, 37, 5);
        InterventionCommand rollback = guard.commands().get(0);
        assertThat(rollback.getKind()).isEqualTo(InterventionKind.ROLL_BACK);
        assertThat(rollback.getUndoes()).isEqualTo(msign.getId());
        assertThat(rollback.getLayers()).isEmpty();
        assertThat(rollback.getExpiresAtStep()).isEqualTo(67);
        assertThat(guard.states())
                .last()
                .satisfies(state -> assertThat(state.getCommandsIssued()).isEqualTo(2));

        guard.answer(outcome(rollback, OutcomeStatus.APPLIED, 37));
        assertThat(guard.decisions()).last().satisfies(decision -> {
            assertThat(decision.getAction()).isEqualTo(DecisionAction.VERDICT);
            assertThat(decision.getVerdict()).isEqualTo(Verdict.UNKNOWN);
            assertThat(decision.getCommandId()).isEqualTo(rollback.getId());
            assertThat(decision.getReason()).isEqualTo(msign.getId() + " was rolled back at step 37");
        });
        sendWithLargeLogits(37, 237, 5);
        assertThat(guard.commands()).isEmpty();
    }

    @Test
    void shouldNotRollBackWithWhatIsNotKeptAnyMore() {
        under("rollback: {shadow-steps: 5}", Mode.ENFORCE);
        outgrow();
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 31));
        sendWithLargeLogits(31, 37, 5);
        assertThat(guard.commands()).isEmpty();
        assertThat(guard.decisions())
                .extracting(Decision::getReason)
                .anyMatch(reason -> reason.contains("cannot be rolled back any more"));
    }

    @Test
    void shouldWaitForTheMeasurementThatItNeeds() {
        guard.calm(0, 1);
        guard.send(Telemetry.mixing(1, 1, false, 60f, 0).build());
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 2));
        guard.calm(2, 50);
        assertThat(verdicts()).isEmpty();
        guard.send(Telemetry.mixing(50, 1, true, 1f, 0).build());
        assertThat(verdicts()).containsExactly(Verdict.EFFECTIVE);
    }
}
