package io.instabilityguard.evaluation.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.evaluation.Records;
import io.instabilityguard.evaluation.history.RunHistory;
import io.instabilityguard.evaluation.report.HtmlReport;
import io.instabilityguard.evaluation.trainer.StepLine;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.Verdict;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DemoResultTest {
    private static final InterventionCommand CUT =
            Records.command("run", "anomaly", InterventionKind.SCALE_LEARNING_RATE);
    private static final RunHistory HISTORY = new RunHistory(
            List.of(Records.step("run", 0, 9), Records.step("run", 1, 1.05f)),
            List.of(Records.raised("run")),
            List.of(CUT),
            List.of(Records.applied(CUT)),
            List.of(Records.verdict(CUT, Verdict.EFFECTIVE)),
            List.of(4.0, 10.0));

    @Test
    void shouldBeWorseWhenTheGuardedRunIsLostOrEndsHigher() {
        assertThat(result(run("none", 372, null), run("guard", null, 2.3)).isWorse())
                .isFalse();
        assertThat(result(run("none", null, 2.9), run("guard", null, 2.5)).isWorse())
                .isFalse();
        assertThat(result(run("none", null, 2.4), run("guard", null, 2.5)).isWorse())
                .isTrue();
        assertThat(result(run("none", 372, null), run("guard", 400, null)).isWorse())
                .isTrue();
        assertThat(result(run("none", null, 2.4), run("guard", null, null)).isWorse())
                .isTrue();
    }

    @Test
    void shouldWriteTheAgreedSummary() throws Exception {
        DemoResult result = result(run("none", 372, null), run("guard", null, 2.25));
        assertThat(new ObjectMapper().writeValueAsString(DemoSummary.of(result)))
                .isEqualTo("{\"scenario\":\"divergence\",\"seed\":0,"
                        + "\"unguarded\":{\"diverged\":true,\"divergedAtStep\":372,\"finalLoss\":null,\"steps\":2},"
                        + "\"guarded\":{\"diverged\":false,\"finalLoss\":2.25,\"steps\":2,"
                        + "\"anomalies\":[{\"detector\":\"gradient-spike\",\"layers\":[],\"step\":40}],"
                        + "\"commands\":[{\"id\":\"run/SCALE_LEARNING_RATE/40\",\"kind\":\"SCALE_LEARNING_RATE\","
                        + "\"layers\":[],\"decidedAtStep\":40,\"appliedAtStep\":41,\"verdict\":\"EFFECTIVE\"}]},"
                        + "\"loopLatencyMs\":{\"p50\":4.0,\"p99\":10.0},\"hookOverheadPercent\":1.0}");
    }

    @Test
    void shouldSayInASentenceWhatHappened() {
        assertThat(DemoTable.verdict(result(run("none", 372, null), run("guard", null, 2.25))))
                .isEqualTo("The unguarded run was lost at step 372; the guarded one ended at a loss of 2.250.");
        assertThat(DemoTable.of(result(run("none", 372, null), run("guard", null, 2.25))))
                .contains("diverged at step 372")
                .contains("survived");
    }

    @Test
    void shouldReportChartsMarkersAndTables() {
        String page = HtmlReport.render(DemoReport.of(result(run("none", 372, null), run("guard", null, 2.25))));
        assertThat(page)
                .contains("Training loss", "Gradient norm", "Stable rank", "block.0.query")
                .contains("step 41: learning rate x 0.5", "step 40: the gradient norm jumped", "effective");
    }

    @Test
    void shouldShowProgressInOneLine() {
        assertThat(new StatusLine("guarded", 99, 400, 2.5, "1.05 (block.0.query)", 2000).toString())
                .isEqualTo("guarded     [#####---------------] 100/400  loss 2.500"
                        + "  lowest stable rank 1.05 (block.0.query)  6 s left");
        assertThat(new StatusLine("unguarded", 0, 400, 4.5, "", 0).toString())
                .isEqualTo("unguarded   [--------------------] 1/400  loss 4.500");
    }

    private static DemoResult result(TrainedRun unguarded, TrainedRun guarded) {
        return new DemoResult(DemoScenario.DIVERGENCE, 0, 1, unguarded, List.of(), guarded, HISTORY, false);
    }

    private static TrainedRun run(String method, @Nullable Integer divergedAt, @Nullable Double loss) {
        List<StepLine> steps = List.of(new StepLine(0, 4.5, 1, 0.01, 2), new StepLine(1, 4.4, 1.1, 0.01, 3));
        return new TrainedRun(
                steps,
                new TrainerResult(
                        "A", 0, method, divergedAt != null, divergedAt, loss, 2, 0.003, false, 0, false, null));
    }
}
