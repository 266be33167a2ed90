package io.instabilityguard.guard;

import static io.instabilityguard.guard.Operators.alice;
import static io.instabilityguard.guard.Operators.cut;
import static io.instabilityguard.guard.Operators.sending;
import static io.instabilityguard.guard.Telemetry.outcome;
import static io.instabilityguard.guard.Telemetry.sampled;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.OperatorActionKind;
import io.instabilityguard.schemas.OutcomeStatus;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Commands of operators: sent, limited, forced and cancelled. */
final class OperatorTopologyTest extends TopologyCase {

    @Test
    void shouldSendWhatAnOperatorWantsInAnyMode() {
        under("", Mode.OBSERVE);
        guard.calm(0, 5);
        OperatorAction action = cut(false).build();
        guard.ask(action);
        guard.ask(action);
        guard.calm(5, 8);

        assertThat(guard.commands()).singleElement().satisfies(command -> {
            assertThat(command.getKind()).isEqualTo(InterventionKind.SCALE_LEARNING_RATE);
            assertThat(command.getParameters()).containsEntry("factor", 0.25);
            assertThat(command.getApplyAtStep()).isEqualTo(6);
            assertThat(command.getExpiresAtStep()).isEqualTo(36);
            assertThat(command.getApprover()).isEqualTo("alice");
        });
        assertThat(guard.decisions()).extracting(Decision::getAction).containsExactly(DecisionAction.COMMAND);
    }

    @Test
    void shouldKeepAnOperatorWithinTheBudgetUnlessForced() {
        under("interventions: {quarter-learning-rate: {most-per-1000-steps: 1}}", Mode.ENFORCE);
        guard.calm(0, 5);
        guard.ask(cut(false).build());
        guard.calm(5, 6);
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 6));
        guard.ask(cut(false).build());
        guard.calm(6, 40);
        assertThat(guard.commands()).isEmpty();
        assertThat(reasons()).anyMatch(reason -> reason.contains("budget of 1 per 1000 steps"));

        guard.ask(cut(true).build());
        guard.calm(40, 41);
        assertThat(guard.commands()).hasSize(1);
        assertThat(reasons()).anyMatch(reason -> reason.startsWith("forced: I looked"));
    }

    @Test
    void shouldKeepAnOperatorWithinTheReachOfThePolicyUnlessForced() {
        Map<String, Double> exact = Map.of("steps", 0.0);
        guard.send(sampled(0, 1, 1).build());
        guard.ask(sending(InterventionKind.APPLY_MSIGN, exact, false, "blocks.0.mlp.up")
                .build());
        guard.calm(1, 2);
        assertThat(guard.commands()).isEmpty();
        assertThat(reasons()).anyMatch(reason -> reason.contains("may not touch blocks.0.mlp.up"));

        guard.ask(sending(InterventionKind.APPLY_MSIGN, exact, true, "blocks.0.mlp.up")
                .build());
        guard.calm(2, 3);
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldNotSendAKindThatThePolicyDoesNotUse() {
        guard.calm(0, 1);
        guard.ask(sending(InterventionKind.PAUSE, Map.of(), false).build());
        guard.calm(1, 2);

        assertThat(guard.commands()).isEmpty();
        assertThat(reasons()).anyMatch(reason -> reason.contains("the policy has no PAUSE enabled"));
    }

    @Test
    void shouldCancelACommandThatIsOnItsWayAndNotRepeatIt() {
        guard.calm(0, 60);
        guard.send(spike(60));
        InterventionCommand command = guard.commands().get(0);
        guard.ask(alice(OperatorActionKind.CANCEL, command.getId()).build());
        guard.calm(61, 62);

        InterventionCommand cancel = guard.commands().get(0);
        assertThat(cancel.getKind()).isEqualTo(InterventionKind.CANCEL);
        assertThat(cancel.getUndoes()).isEqualTo(command.getId());
        guard.answer(outcome(command, OutcomeStatus.REFUSED, 61));
        guard.answer(outcome(cancel, OutcomeStatus.APPLIED, 61));
        guard.calm(62, 70);
        assertThat(guard.commands()).isEmpty();
        assertThat(reasons()).anyMatch(reason -> reason.contains(command.getId() + " was cancelled at step"));
    }

    @Test
    void shouldNotCancelWhatWasApplied() {
        guard.calm(0, 60);
        guard.send(spike(60));
        InterventionCommand command = guard.commands().get(0);
        guard.answer(outcome(command, OutcomeStatus.APPLIED, 61));
        guard.ask(alice(OperatorActionKind.CANCEL, command.getId()).build());
        guard.calm(61, 62);

        assertThat(guard.commands()).isEmpty();
        assertThat(reasons()).anyMatch(reason -> reason.contains("the command is APPLIED already"));
    }

    @Test
    void shouldMakeADeadLetterOfWhatMeansNothing() {
        guard.calm(0, 1);
        guard.ask(alice(OperatorActionKind.APPROVE, "").build());
        guard.ask(alice(OperatorActionKind.APPROVE, "p").setRun("nobody").build());
        guard.calm(1, 2);

        List<DeadLetter> letters = guard.deadLetters();
        assertThat(letters).extracting(DeadLetter::getTopic).containsOnly("guard.operator.v1");
        assertThat(letters.get(0).getCause()).contains("APPROVE without a target");
        assertThat(letters.get(1).getCause()).contains("no such run is known");
    }

    private List<String> reasons() {
        return guard.decisions().stream().map(Decision::getReason).toList();
    }
}
