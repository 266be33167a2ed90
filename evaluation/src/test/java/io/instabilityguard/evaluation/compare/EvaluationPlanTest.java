package io.instabilityguard.evaluation.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.groups.Tuple.tuple;

import io.instabilityguard.evaluation.compare.CellPlan.Purpose;
import io.instabilityguard.evaluation.trainer.Seeds;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EvaluationPlanTest {
    @Test
    void shouldMeasureTheWholeTableWithItsControls() {
        List<CellPlan> cells = plan(EvaluationPlan.SCENARIOS, EvaluationPlan.METHODS, List.of(1))
                .cells();
        assertThat(cells).filteredOn(cell -> cell.purpose() == Purpose.RESULT).hasSize(15);
        assertThat(cells)
                .filteredOn(cell -> cell.purpose() == Purpose.CONTROL)
                .extracting(CellPlan::scenario, CellPlan::method)
                .containsExactly(tuple("S", "half-lr"), tuple("CS-reference", "none"));
        assertThat(cells)
                .filteredOn(cell -> cell.scenario().equals("S"))
                .extracting(CellPlan::seeds)
                .containsOnly(new Seeds(0, 19));
        assertThat(cells)
                .filteredOn(cell -> cell.scenario().equals("CS"))
                .extracting(CellPlan::seeds)
                .containsOnly(new Seeds(0, 9));
    }

    @Test
    void shouldGuardAgainAtEveryFurtherDelay() {
        List<CellPlan> cells =
                plan(List.of("S-stable"), List.of("guard"), List.of(1, 5, 20)).cells();
        assertThat(cells).extracting(CellPlan::delay).containsExactly(1, 5, 20);
        assertThat(cells)
                .extracting(CellPlan::purpose)
                .containsExactly(Purpose.RESULT, Purpose.SENSITIVITY, Purpose.SENSITIVITY);
        assertThat(cells).extracting(CellPlan::runPrefix).doesNotHaveDuplicates();
    }

    @Test
    void shouldTakeTheSeedsItIsGiven() {
        EvaluationPlan plan =
                new EvaluationPlan(List.of("S"), List.of("none"), Optional.of(new Seeds(100, 119)), List.of(1));
        assertThat(plan.cells()).extracting(CellPlan::seeds).containsOnly(new Seeds(100, 119));
    }

    @Test
    void shouldSayWhatThereIsToChooseFrom() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plan(List.of("X"), List.of("none"), List.of(1)))
                .withMessage("unknown scenario 'X': choose among S, CS, S-stable");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plan(List.of("S"), List.of("none"), List.of(-1)))
                .withMessageContaining("delays");
    }

    private static EvaluationPlan plan(List<String> scenarios, List<String> methods, List<Integer> delays) {
        return new EvaluationPlan(scenarios, methods, Optional.empty(), delays);
    }
}
