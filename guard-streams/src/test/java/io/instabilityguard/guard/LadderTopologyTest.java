package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.growing;
import static io.instabilityguard.guard.Telemetry.outcome;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OutcomeStatus;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ladders: mild rungs first, one at a time for one cause, up when they do not help, down in quiet times. */
final class LadderTopologyTest extends TopologyCase {

    private static final String LADDER = """
            detectors:
              loss-spike: {above: {loss-deviation: 1000000000}}
              gradient-spike: {above: {gradient-ratio: 6, loss-surprise: null, loss-deviation: 0}}
              gradient-blow-up: {enabled: false}
            interventions:
              quarter-learning-rate: {enabled: false}
              sample-more-often: {enabled: true, verdict: {after-steps: 5}}
              save-checkpoint: {enabled: true, verdict: {after-steps: 5}}
              rewind: {enabled: true, verdict: {after-steps: 5}}
              call-a-person: {enabled: true}
              cut-learning-rate: {verdict: {after-steps: 5}}
            ladders:
              gradient-spike:
                rungs: [sample-more-often, cut-learning-rate, save-checkpoint, rewind, call-a-person]
                watch-steps: 3
                de-escalate-after-steps: 50
            """;

    @Test
    void shouldClimbRungByRungToAPersonAndCallOnce() {
        under(LADDER, Mode.ENFORCE);
        guard.calm(0, 60);
        List<InterventionCommand> commands = spikes(60, 160);

        assertThat(commands)
                .extracting(InterventionCommand::getKind)
                .containsExactly(
                        InterventionKind.SAMPLE_EVERY,
                        InterventionKind.SCALE_LEARNING_RATE,
                        InterventionKind.SAVE_CHECKPOINT,
                        InterventionKind.REWIND_AND_SKIP);
        assertThat(commands.get(0).getDecidedAtStep()).isEqualTo(63);
        assertThat(commands.get(0).getParameters()).containsEntry("untilStep", 164.0);
        assertThat(guard.decisions())
                .extracting(Decision::getAction)
                .filteredOn(action -> action == DecisionAction.PAGE)
                .hasSize(1);
    }

    @Test
    void shouldNeverHaveTwoInterventionsForOneCauseOnTheirWay() {
        under(LADDER, Mode.ENFORCE);
        guard.calm(0, 60);
        for (long step = 60; step < 100; step++) {
            guard.send(growing(step, 60));
        }
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldStepDownRungByRungInQuietTimes() {
        under(LADDER, Mode.ENFORCE);
        guard.calm(0, 60);
        assertThat(spikes(60, 74)).extracting(InterventionCommand::getKind).hasSize(2);
        guard.calm(74, 180);
        // the second rung did not help either: from the third, one down after 50 quiet steps, so the second again
        assertThat(spikes(180, 185))
                .extracting(InterventionCommand::getKind)
                .containsExactly(InterventionKind.SCALE_LEARNING_RATE);
    }

    @Test
    void shouldGoOnToTheNextRungWhenTheBudgetIsSpent() {
        under(LADDER + "budget: {step-equivalents-per-1000-steps: 3}", Mode.ENFORCE);
        guard.calm(0, 60);
        List<InterventionCommand> commands = new ArrayList<>();
        for (long step = 60; step < 100; step++) {
            guard.send(growing(step, 60));
            for (InterventionCommand command : guard.commands()) {
                commands.add(command);
                // 400 ms are 4 steps of 100 ms
                InterventionOutcome applied = outcome(command, OutcomeStatus.APPLIED, step + 1);
                guard.answer(InterventionOutcome.newBuilder(applied)
                        .setHookMillis(400)
                        .build());
            }
        }
        assertThat(commands).extracting(InterventionCommand::getKind).containsExactly(InterventionKind.SAMPLE_EVERY);
        assertThat(guard.states())
                .last()
                .satisfies(state -> assertThat(state.getStepEquivalentsSpent()).isEqualTo(4));
        assertThat(guard.decisions())
                .extracting(Decision::getAction)
                .contains(DecisionAction.NOTHING, DecisionAction.PAGE);
    }

    @Test
    void shouldRemember1000StepsOfCostOnly() {
        guard.calm(0, 60);
        guard.send(spike(60));
        InterventionOutcome applied = outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 61);
        guard.answer(InterventionOutcome.newBuilder(applied).setHookMillis(250).build());
        guard.calm(61, 1_051);
        assertThat(guard.states())
                .last()
                .satisfies(state -> assertThat(state.getStepEquivalentsSpent()).isEqualTo(2.5));
        guard.calm(1_051, 1_076);
        assertThat(guard.states())
                .last()
                .satisfies(state -> assertThat(state.getStepEquivalentsSpent()).isZero());
    }

    /** Spikes at every step; every command is applied at the next one. */
    private List<InterventionCommand> spikes(long from, long to) {
        List<InterventionCommand> commands = new ArrayList<>();
        for (long step = from; step < to; step++) {
            guard.send(growing(step, from));
            for (InterventionCommand command : guard.commands()) {
                commands.add(command);
                guard.answer(outcome(command, OutcomeStatus.APPLIED, step + 1));
            }
        }
        return commands;
    }
}
