package io.instabilityguard.evaluation.compare;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.evaluation.Records;
import io.instabilityguard.evaluation.compare.CellPlan.Purpose;
import io.instabilityguard.evaluation.compare.Evaluation.Measured;
import io.instabilityguard.evaluation.trainer.Seeds;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import io.instabilityguard.schemas.InterventionKind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ScoreboardTest {
    private final CommandTally tally = new CommandTally();

    @Test
    void shouldCountTheCommandsOfItsOwnRunsOnly() {
        tally.onCommand(Records.command("evaluate-s-stable-delay-1-3", "a", InterventionKind.SCALE_LEARNING_RATE));
        tally.onCommand(Records.command("evaluate-s-stable-delay-1-3", "a", InterventionKind.SCALE_LEARNING_RATE));
        tally.onCommand(Records.command("evaluate-s-stable-delay-1-4", "a", InterventionKind.APPLY_MSIGN));
        tally.onCommand(Records.command("evaluate-s-stable-delay-10-3", "a", InterventionKind.APPLY_MSIGN));
        tally.onCommand(Records.command("evaluate-s-delay-1-3", "a", InterventionKind.APPLY_MSIGN));
        Cell cell = Cell.of(plan("S-stable", "guard"), List.of(result(3, 2.6), result(4, 2.7)), tally);
        assertThat(cell.commands()).isEqualTo(3);
        assertThat(cell.falseAlarms()).as("anomalies that acted, per run").isEqualTo(2);
        assertThat(tally.weightCommands("evaluate-s-stable-delay-1")).isEqualTo(1);
    }

    @Test
    void shouldTakeTheMedianOfTheSurvivorsAndKeepAllLosses() {
        Cell cell = Cell.of(plan("S", "none"), List.of(result(2, null), result(1, 4.0), result(0, 2.0)), tally);
        assertThat(cell.seeds()).containsExactly(0, 1, 2);
        assertThat(cell.diverged()).isEqualTo(1);
        assertThat(cell.medianFinalLoss()).isEqualTo(3.0);
        assertThat(cell.finalLosses()).containsExactly(2.0, 4.0, null);
    }

    @Test
    void shouldWriteTheAgreedJson() throws Exception {
        Cell cell = Cell.of(plan("S", "none"), List.of(result(0, null)), tally);
        JsonNode json = new ObjectMapper()
                .readTree(new ObjectMapper().writeValueAsString(new EvaluateCommand.Table("abc", List.of(cell))));
        assertThat(json.toString())
                .isEqualTo("{\"commit\":\"abc\",\"cells\":[{\"scenario\":\"S\",\"method\":\"none\",\"seeds\":[0],"
                        + "\"diverged\":1,\"medianFinalLoss\":null,\"finalLosses\":[null],\"commands\":0,"
                        + "\"falseAlarms\":0}]}");
    }

    @Test
    void shouldJudgeEveryClaim() {
        List<String> claims = new Scoreboard(List.of(
                        measured("S", "none", Purpose.RESULT, null, null),
                        measured("S", "guard", Purpose.RESULT, 2.4, 2.5),
                        measured("S", "half-lr", Purpose.CONTROL, 2.5, 2.6),
                        measured("CS", "msign-100", Purpose.RESULT, 2.7, 2.7),
                        measured("CS", "guard", Purpose.RESULT, 2.5, 2.8),
                        measured("CS-reference", "none", Purpose.CONTROL, 2.4, 2.4)))
                .claims();
        assertThat(claims)
                .containsExactly(
                        "reached      S: unguarded runs lost: 2 of 2",
                        "reached      S: guarded runs lost: 0 of 2",
                        "reached      S: survivors' median loss against half the learning rate: -3.9 %",
                        "NOT reached  CS: seeds on which the guard beats MSign every 100 steps: 1 of 2",
                        "NOT reached  CS: median loss against the run without the fault: +10.4 %");
    }

    @Test
    void shouldJudgeNothingThatWasNotMeasured() {
        assertThat(new Scoreboard(List.of(measured("S", "clip-1.0", Purpose.RESULT, 2.0))).claims())
                .isEmpty();
    }

    @Test
    void shouldShowEveryCellInTheTable() {
        String table = new Scoreboard(List.of(measured("S", "half-lr", Purpose.CONTROL, 2.5, 2.6))).table();
        assertThat(table).contains("half-lr *").contains("0/2").contains("2.550");
    }

    private Measured measured(String scenario, String method, Purpose purpose, @Nullable Double... losses) {
        List<TrainerResult> results = new ArrayList<>();
        for (Double loss : losses) {
            results.add(result(results.size(), loss));
        }
        CellPlan plan = new CellPlan(scenario, method, new Seeds(0, losses.length - 1), 1, purpose);
        return new Measured(plan, Cell.of(plan, results, tally), 0);
    }

    private static CellPlan plan(String scenario, String method) {
        return new CellPlan(scenario, method, new Seeds(0, 9), 1, Purpose.RESULT);
    }

    private static TrainerResult result(int seed, @Nullable Double loss) {
        return new TrainerResult("S", seed, "none", loss == null, loss == null ? 9 : null, loss, 10, 0.003);
    }
}
