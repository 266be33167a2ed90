package io.instabilityguard.evaluation.chaos.violation;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.chaos.violation.RankLog.Applied;
import io.instabilityguard.evaluation.chaos.violation.RankLog.Step;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A good history has no violation; of each bad one the checker says what is wrong with it. */
class TrialCheckTest {
    private final History history = new History();

    @Test
    void shouldFindNothingInAGoodHistory() {
        assertThat(history.violations()).isEmpty();
    }

    @Test
    void shouldFindADecisionThatIsMissing() {
        history.decisions.remove(1);
        assertFound(Invariant.DECIDED_ONCE, "number 2 instead of 1");
    }

    @Test
    void shouldFindADecisionThatWasChanged() {
        history.decisions.set(
                2,
                Decision.newBuilder(history.decisions.get(2)).setReason("other").build());
        assertFound(Invariant.DECIDED_ONCE, "was changed after it was sealed");
    }

    @Test
    void shouldFindADecisionThatWasSlippedIn() {
        Decision foreign = Decision.newBuilder(history.decisions.get(2))
                .setPreviousHash("00")
                .build();
        history.decisions.set(2, History.sealed(foreign));
        assertFound(Invariant.DECIDED_ONCE, "does not follow the one before");
    }

    @Test
    void shouldFindACommandThatWasSentTwice() {
        history.commands.add(history.commands.get(0));
        assertFound(Invariant.DECIDED_ONCE, "is in the topic twice");
    }

    @Test
    void shouldFindACommandThatWasDecidedOnTwice() {
        history.decide(DecisionAction.COMMAND, History.CUT);
        assertFound(Invariant.DECIDED_ONCE, "was decided on twice");
    }

    @Test
    void shouldFindACommandThatNobodyDecidedOn() {
        history.commands.add(InterventionCommand.newBuilder(history.commands.get(0))
                .setId("forged")
                .build());
        assertFound(Invariant.DECIDED_ONCE, "forged at 0@2 was never decided on");
    }

    @Test
    void shouldFindACommandThatWasDecidedOnAndNeverSent() {
        history.decide(DecisionAction.COMMAND, "lost");
        assertFound(Invariant.DECIDED_ONCE, "lost was decided on and is not in the topic");
    }

    @Test
    void shouldFindACommandThatOneRankDidNotApply() {
        history.replace(1, History.applying(history.step(1, History.CUT_STEP)));
        assertFound(Invariant.APPLIED_TOGETHER, "never by rank 1 of generation 1");
    }

    @Test
    void shouldFindACommandThatTwoRanksAppliedAtDifferentSteps() {
        history.replace(1, History.applying(history.step(1, History.CUT_STEP)));
        history.replace(1, History.applying(history.step(1, 6), new Applied(History.CUT, 6)));
        assertFound(Invariant.APPLIED_TOGETHER, "at step 6 by rank 1");
    }

    @Test
    void shouldNotBlameARankThatWasKilledBeforeTheStep() {
        history.cutOff(1, History.CLIP_STEP);
        history.killed.add(History.pid(1));
        history.cutOff(0, History.CLIP_STEP + 1);
        history.killed.add(History.pid(0));
        assertThat(history.violations()).isEmpty();
    }

    @Test
    void shouldFindACommandThatWasAppliedTwice() {
        for (int rank = 0; rank < 2; rank++) {
            history.replace(rank, History.applying(history.step(rank, 9), new Applied(History.CUT, 9)));
        }
        assertFound(Invariant.APPLIED_TOGETHER, "was applied again");
    }

    @Test
    void shouldFindACommandThatWasAppliedAfterItsLastStep() {
        change(0, InterventionCommand.newBuilder(history.commands.get(0)).setExpiresAtStep(2));
        assertFound(Invariant.APPLIED_IN_TIME, "is for steps 3 to 2");
    }

    @Test
    void shouldFindACommandThatWasAppliedBeforeItsFirstStep() {
        change(0, InterventionCommand.newBuilder(history.commands.get(0)).setApplyAtStep(5));
        assertFound(Invariant.APPLIED_IN_TIME, "is for steps 5 to 5");
    }

    @Test
    void shouldFindACommandOfAnotherGeneration() {
        change(0, InterventionCommand.newBuilder(history.commands.get(0)).setGeneration(2));
        assertFound(Invariant.APPLIED_IN_TIME, "is for generation 2");
    }

    @Test
    void shouldFindACommandThatNobodySent() {
        for (int rank = 0; rank < 2; rank++) {
            history.replace(rank, History.applying(history.step(rank, 9), new Applied("forged", 9)));
        }
        assertFound(Invariant.APPLIED_IN_TIME, "forged, applied by rank 0");
    }

    @Test
    void shouldFindACommandThatWasAppliedBetweenBoundaries() {
        for (int rank = 0; rank < 2; rank++) {
            history.replace(rank, History.applying(history.step(rank, 3)));
            history.replace(rank, History.applying(history.step(rank, 4), new Applied(History.CUT, 4)));
        }
        assertFound(Invariant.APPLIED_IN_TIME, "was not applied at a boundary");
    }

    @Test
    void shouldFindAnOutcomeThatNamesAnotherStep() {
        tell(0, InterventionOutcome.newBuilder(history.outcomes.get(0)).setStep(4));
        assertFound(Invariant.TOLD_TRUE, "APPLIED at step 4, but rank 0 of generation 1 applied it at step 3");
    }

    @Test
    void shouldFindAnOutcomeThatDeniesWhatWasDone() {
        tell(0, InterventionOutcome.newBuilder(history.outcomes.get(0)).setStatus(OutcomeStatus.EXPIRED));
        assertFound(Invariant.TOLD_TRUE, "EXPIRED at step 3, but rank 0 of generation 1 applied it");
    }

    @Test
    void shouldFindAnOutcomeThatContradictsAnEarlierOne() {
        history.outcomes.add(InterventionOutcome.newBuilder(history.outcomes.get(0))
                .setStatus(OutcomeStatus.ABANDONED)
                .build());
        assertFound(Invariant.TOLD_TRUE, "is ABANDONED at step 3, and before that APPLIED");
    }

    @Test
    void shouldFindThatNobodyTellsOfAnApplication() {
        history.outcomes.remove(0);
        assertFound(Invariant.TOLD_TRUE, "no outcome says so");
    }

    @Test
    void shouldFindWeightsThatChangedWithoutACommand() {
        Step step = history.step(0, 5);
        Map<String, float[]> some = Map.of(History.QUERY, new float[] {1, 1, 1, 1});
        history.replace(0, new Step(5, step.beginMs(), step.endMs(), step.scale(), step.crc(), some, some, List.of()));
        assertFound(Invariant.WEIGHTS_EXPLAINED, "step 5 changed query: no command that was applied names it");
    }

    @Test
    void shouldFindWeightsThatACommandDoesNotExplain() {
        change(1, InterventionCommand.newBuilder(history.commands.get(1)).setParameters(Map.of("threshold", 50.0)));
        assertFound(Invariant.WEIGHTS_EXPLAINED, "it is not what run/CLIP_ATTENTION_LOGITS makes of it");
    }

    @Test
    void shouldFindWeightsThatSomebodyElseWroteTo() {
        Step step = history.step(0, 8);
        history.replace(
                0,
                new Step(8, step.beginMs(), step.endMs(), step.scale(), step.crc() + 1, Map.of(), Map.of(), List.of()));
        assertFound(Invariant.WEIGHTS_EXPLAINED, "something else wrote to them");
    }

    @Test
    void shouldFindALearningRateThatTheCommandsDoNotExplain() {
        Step step = history.step(0, 8);
        history.replace(0, new Step(8, step.beginMs(), step.endMs(), 0.25, step.crc(), Map.of(), Map.of(), List.of()));
        assertFound(Invariant.WEIGHTS_EXPLAINED, "after step 8 is 0.25, the commands make it 0.5");
    }

    @Test
    void shouldFindOtherWeightsAtTheEnd() {
        RankLog log = history.logs.get(0);
        RankLog.End end = new RankLog.End(10, Map.of("stepsSent", 10L), Map.of(History.QUERY, new float[4]));
        history.logs.set(0, new RankLog(1, 0, log.start(), log.steps(), end));
        assertFound(Invariant.WEIGHTS_EXPLAINED, "the weights at the end are not those of the replay");
    }

    @Test
    void shouldFindATrainerThatWasHeldUp() {
        holdUp();
        assertFound(Invariant.BOUNDED_WAIT, "held up for 3000 ms at step 2; the bound is 1000 ms");
    }

    @Test
    void shouldNotBlameTheGuardForTimeInWhichTheTrainerWasStopped() {
        holdUp();
        history.suspensions.add(new RunFacts.Suspension(History.pid(0), 1_100, 3_500));
        assertThat(history.violations()).isEmpty();
    }

    @Test
    void shouldFindATrainerThatEnded() {
        history.exits.put(History.pid(0), 1);
        assertFound(Invariant.TRAINING_GOES_ON, "with exit status 1");
    }

    @Test
    void shouldFindTelemetryThatIsMissingAndNotCounted() {
        history.telemetry.remove(4);
        assertFound(Invariant.NOTHING_LOST, "sent 10 steps, 9 are in the topic and 0 counted as dropped");
    }

    @Test
    void shouldAcceptTelemetryThatIsCountedAsDropped() {
        history.telemetry.remove(4);
        history.telemetry.set(
                4,
                StepTelemetry.newBuilder(history.telemetry.get(4))
                        .setDroppedMessages(1)
                        .build());
        assertThat(history.violations()).isEmpty();
    }

    private void holdUp() {
        Step step = history.step(0, 2);
        history.replace(
                0, new Step(2, 1_000, 4_000, step.scale(), step.crc(), step.before(), step.after(), step.applied()));
    }

    private void change(int command, InterventionCommand.Builder changed) {
        history.commands.set(command, changed.build());
    }

    private void tell(int outcome, InterventionOutcome.Builder told) {
        history.outcomes.set(outcome, told.build());
    }

    private void assertFound(Invariant invariant, String text) {
        assertThat(history.violations())
                .extracting(Violation::toString)
                .anyMatch(found -> found.startsWith(invariant + " in run") && found.contains(text));
    }
}
