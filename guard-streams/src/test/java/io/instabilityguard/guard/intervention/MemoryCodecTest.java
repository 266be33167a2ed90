package io.instabilityguard.guard.intervention;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.intervention.Desk.Pause;
import io.instabilityguard.guard.intervention.IssuedCommand.Before;
import io.instabilityguard.guard.intervention.IssuedCommand.State;
import io.instabilityguard.guard.lease.Lease;
import io.instabilityguard.guard.lease.Lease.Seat;
import io.instabilityguard.guard.operator.Instruction;
import io.instabilityguard.guard.operator.Instruction.Order;
import io.instabilityguard.guard.policy.Kind;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.OperatorActionKind;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class MemoryCodecTest {

    @Test
    void shouldReadWhatItWrote() {
        IssuedCommand command = new IssuedCommand(
                "c",
                "rung",
                "a",
                "d",
                5,
                State.APPLIED,
                6,
                Double.NaN,
                new Before(1, 0.5),
                3.5,
                100,
                "undone",
                new AppliedRanks(4, List.of(0, 2)),
                "deed");
        RunMemory memory = new RunMemory(
                "run-1",
                7,
                3,
                "hash",
                1,
                List.of(),
                List.of(command),
                Map.of("d", new Standing(2, 1, 90)),
                Map.of(),
                desk());
        assertThat(MemoryCodec.decode(MemoryCodec.encode(memory))).isEqualTo(memory);
    }

    private static Desk desk() {
        OpenProposal proposal = new OpenProposal(
                "p",
                "rung",
                "a",
                "d",
                InterventionKind.APPLY_MSIGN,
                List.of("query"),
                Map.of("steps", 0.0),
                "why",
                5,
                9);
        Order order = new Order(Kind.PAUSE, List.of(), Map.of(), 30, true);
        Instruction instruction = new Instruction("i", 7, OperatorActionKind.SEND, "alice", "why", "", 0, order, 1_000);
        return new Desk(
                List.of(proposal), Map.of("rung", new Pause(12, "alice")), List.of(instruction), "held", "trainer");
    }

    @Test
    void shouldRememberALease() {
        Lease lease = new Lease(new Seat("guard-a", "first", 1), null, 7);
        assertThat(MemoryCodec.decodeLease(MemoryCodec.encode(lease))).isEqualTo(lease);
    }

    @Test
    void shouldReadAMemoryFromBeforeThereWereLaddersAndRollbacks() {
        String old = """
                {"run":"run-1","generation":7,"decisions":3,"chainHash":"hash","commandsIssued":1,"open":[],
                "issued":[{"id":"c","rung":"cut-learning-rate","anomalyId":"a","detector":"d","decidedAtStep":5,
                "state":"APPLIED","stateStep":6,"recentLossBefore":2.5}],"said":{"a/cut-learning-rate":"why"}}
                """;
        RunMemory memory = MemoryCodec.decode(old.getBytes(StandardCharsets.UTF_8));
        assertThat(memory.standings()).isEmpty();
        assertThat(memory.desk()).isEqualTo(Desk.EMPTY);
        assertThat(memory.issued()).singleElement().satisfies(command -> {
            assertThat(command.isRollback()).isFalse();
            assertThat(command.before()).isNull();
            assertThat(command.appliedBy()).isEqualTo(AppliedRanks.noneOf(1));
            assertThat(command.stepEquivalents(100)).isZero();
        });
    }
}
