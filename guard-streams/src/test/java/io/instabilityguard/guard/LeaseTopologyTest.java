package io.instabilityguard.guard;

import static io.instabilityguard.guard.Operators.ALICE;
import static io.instabilityguard.guard.Operators.claim;
import static io.instabilityguard.guard.Operators.cut;
import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.LeaseAction;
import io.instabilityguard.schemas.LeaseClaim;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One at a time: two guards, an operator and the training program itself. */
final class LeaseTopologyTest extends TopologyCase {

    private static final String OTHER = "another-guard";

    @Test
    void shouldClaimARunAtItsFirstRecordAndSayWhoHoldsIt() {
        guard.calm(0, 3);

        assertThat(guard.read(Topics.LEASES))
                .extracting(LeaseClaim::getAction, LeaseClaim::getHolder)
                .containsExactly(tuple(LeaseAction.CLAIM, GuardDriver.APPLICATION));
        RunState state = lastState(guard);
        assertThat(state.getLeaseHolder()).isEqualTo(GuardDriver.APPLICATION);
        assertThat(state.getApplication()).isEqualTo(GuardDriver.APPLICATION);
        assertThat(state.getLeaseEpoch()).isPositive();
        assertThat(guard.decisions()).isEmpty();
    }

    @Test
    void shouldAnswerWhatTheFirstRecordShowedAsSoonAsItHoldsTheRun() {
        guard.send(Telemetry.mixing(0, 1, false, 60f, 0).build());
        assertThat(guard.commands()).isEmpty();

        guard.calm(1, 2);
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldOnlyWatchWhileAnOperatorHoldsTheRun() {
        guard.calm(0, 60);
        guard.claim(claim(LeaseAction.TAKE, ALICE));
        assertThat(lastState(guard).getLeaseReason()).isEqualTo("a closer look");
        guard.send(spike(60));
        assertThat(guard.commands()).isEmpty();

        guard.claim(claim(LeaseAction.RELEASE, ALICE));
        guard.send(spike(61));

        assertThat(guard.commands()).singleElement().satisfies(command -> {
            assertThat(command.getHolder()).isEqualTo(GuardDriver.APPLICATION);
            assertThat(command.getEpoch()).isEqualTo(lastState(guard).getLeaseEpoch());
        });
        assertThat(guard.decisions())
                .extracting(Decision::getAction)
                .containsExactly(
                        DecisionAction.LEASE,
                        DecisionAction.WOULD_COMMAND,
                        DecisionAction.LEASE,
                        DecisionAction.COMMAND);
    }

    @Test
    void shouldNameTheHolderInWhatItWouldDo() {
        guard.calm(0, 60);
        guard.claim(claim(LeaseAction.TAKE, ALICE));
        guard.send(spike(60));

        assertThat(guard.decisions())
                .filteredOn(decision -> decision.getAction() == DecisionAction.WOULD_COMMAND)
                .extracting(Decision::getReason)
                .containsExactly("cut-learning-rate would answer gradient-spike, but operator:alice holds the run: "
                        + "a closer look");
    }

    @Test
    void shouldSendForTheOperatorWhoHoldsTheRunAndForNoOther() {
        guard.calm(0, 5);
        guard.claim(claim(LeaseAction.TAKE, ALICE));
        guard.ask(cut(false).setOperator("bob").build());
        guard.calm(5, 6);
        assertThat(guard.commands()).isEmpty();

        guard.ask(cut(false).build());
        guard.calm(6, 7);
        assertThat(guard.commands()).singleElement().satisfies(command -> {
            assertThat(command.getHolder()).isEqualTo(ALICE);
            assertThat(command.getApprover()).isEqualTo("alice");
        });
    }

    @Test
    void shouldOnlyWatchWhileTheTrainingProgramHoldsItsRun() {
        guard.calm(0, 60);
        StepTelemetry held = StepTelemetry.newBuilder(spike(60))
                .setHeldReason("my own recovery")
                .build();
        guard.send(held);
        assertThat(guard.commands()).isEmpty();
        assertThat(lastState(guard).getLeaseHolder()).isEqualTo("trainer");

        guard.send(spike(61));
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldLeaveTheRunToTheGuardThatCameFirst() {
        guard.calm(0, 1);
        try (GuardDriver other = other()) {
            guard.read(Topics.LEASES).forEach(other::claim);
            other.calm(0, 60);
            other.send(spike(60));

            assertThat(other.commands()).isEmpty();
            assertThat(other.anomalies()).isEmpty();
            assertThat(other.states()).isEmpty();
            assertThat(other.decisions()).singleElement().satisfies(decision -> {
                assertThat(decision.getAction()).isEqualTo(DecisionAction.WOULD_COMMAND);
                assertThat(decision.getApplication()).isEqualTo(OTHER);
                assertThat(decision.getReason()).contains("but instability-guard holds the run");
            });
        }
    }

    @Test
    void shouldNotLoseTheRunToALaterClaim() {
        guard.calm(0, 60);
        guard.claim(claim(LeaseAction.CLAIM, OTHER));
        guard.send(spike(60));

        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldHandTheRunToAnotherGuardWhenTold() {
        try (GuardDriver other = other()) {
            guard.calm(0, 1);
            guard.read(Topics.LEASES).forEach(other::claim);
            guard.calm(1, 60);
            other.calm(0, 60);
            LeaseClaim takeOver = claim(LeaseAction.TAKE, OTHER);
            guard.claim(takeOver);
            other.claim(takeOver);
            guard.send(spike(60));
            other.send(spike(60));

            assertThat(guard.commands()).isEmpty();
            List<InterventionCommand> commands = other.commands();
            assertThat(commands).hasSize(1);
            assertThat(commands.get(0).getEpoch())
                    .isEqualTo(lastState(other).getLeaseEpoch())
                    .isGreaterThan(1);
        }
    }

    @Test
    void shouldRememberTheLeaseAcrossARestart() {
        guard.calm(0, 60);
        guard.claim(claim(LeaseAction.TAKE, ALICE));
        GuardDriver next = enforcing("");
        next.restoreFrom(guard);
        guard.close();
        guard = next;
        guard.send(calm(60).build());
        guard.send(spike(61));

        assertThat(guard.commands()).isEmpty();
        assertThat(guard.read(Topics.LEASES)).isEmpty();
    }

    private static GuardDriver other() {
        return new GuardDriver(PolicyReader.parse("", Mode.ENFORCE), OTHER);
    }

    private static RunState lastState(GuardDriver driver) {
        List<RunState> states = driver.states();
        return states.get(states.size() - 1);
    }
}
