package io.instabilityguard.evaluation.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.campaign.Plan.Cell;
import io.instabilityguard.evaluation.campaign.Plan.Method;
import io.instabilityguard.evaluation.campaign.Plan.Role;
import io.instabilityguard.evaluation.trainer.Seeds;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TaskTest {
    private final Cell first = cell("S", 0, 13);
    private final Cell second = cell("CS", 0, 13);

    @Test
    void shouldDoTheFirstSeedsOfEveryCellBeforeTheNextOnes() {
        assertThat(Task.of(List.of(first, second), run -> false))
                .extracting(task -> task.cell().scenario() + " " + task.seeds())
                .containsExactly("S 0-9", "CS 0-9", "S 10-13", "CS 10-13");
    }

    @Test
    void shouldLeaveOutWhatIsFinished() {
        Set<Integer> finished = Set.of(0, 4, 5, 13);
        assertThat(Task.of(List.of(first), run -> finished.contains(run.seed())))
                .extracting(Task::seeds)
                .containsExactly(new Seeds(1, 3), new Seeds(6, 9), new Seeds(10, 12));
        assertThat(Task.of(List.of(first), run -> true)).isEmpty();
    }

    @Test
    void shouldKeepToTheSeedsOfTheCell() {
        assertThat(Task.of(List.of(cell("S", 7, 12)), run -> false))
                .extracting(Task::seeds)
                .containsExactly(new Seeds(7, 12));
    }

    private static Cell cell(String scenario, int firstSeed, int lastSeed) {
        return new Cell(scenario, new Method("none", Role.BASELINE, null, List.of()), new Seeds(firstSeed, lastSeed));
    }
}
