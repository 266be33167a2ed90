package io.instabilityguard.guard;

import static io.instabilityguard.guard.Operators.alice;
import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.instabilityguard.guard.intervention.DecisionChain;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OperatorActionKind;
import io.instabilityguard.schemas.Proposal;
import io.instabilityguard.schemas.RunState;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Mode approve: the guard proposes, a person decides. */
final class ApprovalTopologyTest extends TopologyCase {

    @BeforeEach
    void approving() {
        under("", Mode.APPROVE);
    }

    @Test
    void shouldProposeWhatItWouldCommand() {
        Proposal proposal = propose();

        assertThat(guard.commands()).isEmpty();
        assertThat(proposal.getIntervention()).isEqualTo("cut-learning-rate");
        assertThat(proposal.getKind()).isEqualTo(InterventionKind.SCALE_LEARNING_RATE);
        assertThat(proposal.getParameters()).containsEntry("factor", 0.5);
        assertThat(proposal.getExpiresAtStep()).isEqualTo(560);
        assertThat(actions()).containsExactly(DecisionAction.PROPOSE);
    }

    @Test
    void shouldTurnAnApprovalIntoExactlyOneCommandOfThatStep() {
        Proposal proposal = propose();
        guard.decisions();
        guard.ask(alice(OperatorActionKind.APPROVE, proposal.getId()).build());
        guard.ask(alice(OperatorActionKind.APPROVE, proposal.getId()).build());
        assertThat(guard.commands()).isEmpty();

        guard.calm(61, 70);

        InterventionCommand command = onlyCommand();
        assertThat(command.getId()).isEqualTo(proposal.getId());
        assertThat(command.getDecidedAtStep()).isEqualTo(61);
        assertThat(command.getApplyAtStep()).isEqualTo(62);
        assertThat(command.getApprover()).isEqualTo("alice");
        assertThat(command.getHolder()).isEqualTo(GuardDriver.APPLICATION);
        List<Decision> decisions = guard.decisions();
        assertThat(decisions)
                .extracting(Decision::getAction, Decision::getOperator)
                .containsExactly(tuple(DecisionAction.COMMAND, "alice"), tuple(DecisionAction.OPERATOR, "alice"));
        assertThat(decisions.get(1).getReason()).contains("no such proposal is open");
        assertThat(decisions).allMatch(DecisionChain::isIntact);
        RunState state = lastState();
        assertThat(state.getProposals()).isEmpty();
        assertThat(state.getCommandsIssued()).isEqualTo(1);
    }

    @Test
    void shouldNotProposeAgainWhileAProposalWaits() {
        propose();
        guard.send(spike(61));
        guard.send(spike(62));

        assertThat(lastState().getProposals()).hasSize(1);
        assertThat(actions()).containsOnlyOnce(DecisionAction.PROPOSE);
    }

    @Test
    void shouldLetAProposalExpireAndProposeAnew() {
        under("proposals: {valid-steps: 5}", Mode.APPROVE);
        Proposal proposal = propose();
        guard.calm(61, 67);
        guard.ask(alice(OperatorActionKind.APPROVE, proposal.getId()).build());
        guard.calm(67, 68);

        assertThat(guard.commands()).isEmpty();
        assertThat(reasons()).anyMatch(reason -> reason.contains("nobody answered by step 65"));
        assertThat(lastState().getProposals()).isEmpty();
        guard.send(spike(68));
        assertThat(lastState().getProposals())
                .singleElement()
                .satisfies(anew -> assertThat(anew.getProposedAtStep()).isEqualTo(68));
    }

    @Test
    void shouldVoidAProposalWhoseAnomalyHasCleared() {
        Proposal proposal = propose();
        guard.calm(61, 85);
        guard.ask(alice(OperatorActionKind.APPROVE, proposal.getId()).build());
        guard.calm(85, 86);

        assertThat(guard.commands()).isEmpty();
        assertThat(reasons()).anyMatch(reason -> reason.contains("its anomaly has cleared"));
    }

    @Test
    void shouldVoidAProposalOfAnOlderGeneration() {
        Proposal proposal = propose();
        guard.ask(alice(OperatorActionKind.APPROVE, proposal.getId()).build());
        guard.send(calm(0).setGeneration(2_000).build());

        assertThat(guard.commands()).isEmpty();
        assertThat(reasons())
                .anyMatch(reason -> reason.contains("a new generation of the trainer began"))
                .anyMatch(reason -> reason.contains("it is about generation 1000"));
    }

    @Test
    void shouldVoidAProposalWhenNobodyIsAskedAnyMore() {
        propose();
        GuardDriver next = enforcing("");
        next.restoreFrom(guard);
        guard.close();
        guard = next;
        guard.send(calm(61).build());

        assertThat(lastState().getProposals()).isEmpty();
        assertThat(reasons()).anyMatch(reason -> reason.contains("the mode is ENFORCE now"));
    }

    @Test
    void shouldRefuseAnApprovalThatComesMuchTooLate() {
        Proposal proposal = propose();
        guard.ask(alice(OperatorActionKind.APPROVE, proposal.getId())
                .setTimestampMs(Telemetry.START_MS - 700_000)
                .build());
        guard.calm(61, 62);

        assertThat(guard.commands()).isEmpty();
        assertThat(reasons()).anyMatch(reason -> reason.contains("before this step"));
    }

    @Test
    void shouldSuspendWhatIsDeniedForItsCooldown() {
        Proposal proposal = propose();
        guard.ask(alice(OperatorActionKind.DENY, proposal.getId()).build());
        guard.calm(61, 62);
        assertThat(lastState().getProposals()).isEmpty();
        guard.send(spike(62));
        guard.states();
        assertThat(reasons()).anyMatch(reason -> reason.contains("suspended by alice until step 71"));

        guard.send(spike(72));
        assertThat(lastState().getProposals()).hasSize(1);
    }

    @Test
    void shouldSnoozeAnInterventionInAnyMode() {
        under("", Mode.ENFORCE);
        guard.calm(0, 60);
        guard.ask(alice(OperatorActionKind.SNOOZE, "cut-learning-rate")
                .setSteps(20)
                .build());
        guard.send(spike(60));
        assertThat(guard.commands()).isEmpty();

        guard.calm(61, 81);
        guard.send(spike(81));
        assertThat(guard.commands()).hasSize(1);
    }

    private Proposal propose() {
        guard.calm(0, 60);
        guard.send(spike(60));
        return lastState().getProposals().get(0);
    }

    private InterventionCommand onlyCommand() {
        List<InterventionCommand> commands = guard.commands();
        assertThat(commands).hasSize(1);
        return commands.get(0);
    }

    private RunState lastState() {
        List<RunState> states = guard.states();
        return states.get(states.size() - 1);
    }

    private List<DecisionAction> actions() {
        return guard.decisions().stream().map(Decision::getAction).toList();
    }

    private List<String> reasons() {
        return guard.decisions().stream().map(Decision::getReason).toList();
    }
}
