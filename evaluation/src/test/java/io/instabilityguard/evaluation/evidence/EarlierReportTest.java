package io.instabilityguard.evaluation.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.instabilityguard.evaluation.JsonOption;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.campaign.EvaluateCommand.Outputs;
import io.instabilityguard.evaluation.campaign.Plan;
import io.instabilityguard.evaluation.campaign.Plan.Profile;
import io.instabilityguard.evaluation.campaign.RunRecord;
import io.instabilityguard.evaluation.campaign.Runs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EarlierReportTest {
    private final Plan plan = Plan.read();

    @TempDir
    private Path folder;

    @Test
    void shouldKeepWhatTheStoreNoLongerHas() throws IOException {
        report(Runs.run("S", "none", 1, null), Runs.run("S", "half-lr", 1, 2.5));
        report(Runs.run("S", "guard", 1, 2.4));
        List<CellSummary> cells = evidence().cells();
        assertThat(cells).extracting(CellSummary::method).containsExactly("none", "half-lr", "guard");
        assertThat(cells.get(1).unseen().finalLosses()).containsExactly(2.5);
        assertThat(cells.get(1).keptFrom()).isNotNull();
        assertThat(cells.get(2).keptFrom()).isNull();
        assertThat(evidence().provenance().runs()).isEqualTo(3);
        assertThat(evidence().claims())
                .extracting(Evidence.Claim::words)
                .contains("S: lost under the guard 0 of 1, under the best rival (half-lr) 0 of 1");
    }

    @Test
    void shouldMarkWhatItKept() throws IOException {
        report(Runs.run("S", "none", 1, null));
        assertThat(folder.resolve("evidence.md")).content().doesNotContain("†");
        report(Runs.run("S", "guard", 1, 2.4));
        assertThat(folder.resolve("evidence.md")).content().contains("| none † |", "| guard |", "† counted by");
        assertThat(folder.resolve("evidence.html")).content().contains("none †", "† counted by");
    }

    @Test
    void shouldReplaceWhatWasTrainedAgainUnlessThereIsLessOfIt() throws IOException {
        report(Runs.run("S", "none", 1, null), Runs.run("S", "none", 3, 2.0));
        report(Runs.run("S", "none", 1, 2.6));
        assertThat(evidence().cells().get(0).unseen().runs()).isEqualTo(2);
        report(Runs.run("S", "none", 1, 2.6), Runs.run("S", "none", 3, 2.7));
        assertThat(evidence().cells()).hasSize(1);
        assertThat(evidence().cells().get(0).unseen().finalLosses()).containsExactly(2.6, 2.7);
        assertThat(evidence().cells().get(0).keptFrom()).isNull();
    }

    @Test
    void shouldSayWhichFileItCannotCarryOn() throws IOException {
        Files.writeString(folder.resolve("evidence.json"), "[]");
        assertThatThrownBy(() -> report(Runs.run("S", "none", 1, null)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("evidence.json")
                .hasMessageContaining("--report");
    }

    private void report(RunRecord... runs) {
        Outputs outputs = new Outputs(new JsonOption(), Optional.of(folder), Optional.empty());
        List<Plan.Cell> cells = plan.cells(new Profile("0-9", List.of("S"), List.of("none", "half-lr", "guard")));
        new EvidenceReport().report(plan, cells, List.of(runs), outputs, "./guard evaluate");
    }

    private Evidence evidence() throws IOException {
        return EarlierReport.read(plan, folder.resolve("evidence.json"))
                .orElseThrow()
                .evidence();
    }
}
