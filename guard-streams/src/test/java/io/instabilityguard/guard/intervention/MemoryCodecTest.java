package io.instabilityguard.guard.intervention;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.intervention.IssuedCommand.Before;
import io.instabilityguard.guard.intervention.IssuedCommand.State;
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
                new AppliedRanks(4, List.of(0, 2)));
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
                Desk.EMPTY);
        assertThat(MemoryCodec.decode(MemoryCodec.encode(memory))).isEqualTo(memory);
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
        assertThat(memory.issued()).singleElement().satisfies(command -> {
            assertThat(command.isRollback()).isFalse();
            assertThat(command.before()).isNull();
            assertThat(command.appliedBy()).isEqualTo(AppliedRanks.noneOf(1));
            assertThat(command.stepEquivalents(100)).isZero();
        });
    }
}
