package io.instabilityguard.evaluation.evidence;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.instabilityguard.evaluation.Launch;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.campaign.EvaluateCommand.Outputs;
import io.instabilityguard.evaluation.campaign.EvaluateCommand.Reporter;
import io.instabilityguard.evaluation.campaign.Plan;
import io.instabilityguard.evaluation.campaign.Plan.Cell;
import io.instabilityguard.evaluation.campaign.RunRecord;
import io.instabilityguard.evaluation.evidence.Evidence.Claim;
import io.instabilityguard.evaluation.evidence.Evidence.Provenance;
import io.instabilityguard.evaluation.signals.SignalScore;
import io.instabilityguard.evaluation.signals.SignalStudy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Prints the evidence and writes its files. */
public final class EvidenceReport implements Reporter {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final String FILE = "evidence.json";

    @Override
    public void report(Plan plan, List<Cell> cells, List<RunRecord> runs, Outputs outputs, String command) {
        Evidence evidence = of(plan, cells, runs, command, outputs);
        outputs.json().text().println(EvidenceText.console(evidence));
        try {
            outputs.json().write(evidence);
            if (outputs.folder().isPresent()) {
                Path folder = outputs.folder().get();
                JSON.writeValue(folder.resolve(FILE).toFile(), evidence);
                Files.writeString(folder.resolve("evidence.md"), EvidenceText.markdown(evidence));
                Files.writeString(folder.resolve("evidence.html"), new EvidencePage(evidence, runs).render());
                outputs.json().text().println("report: " + folder.resolve("evidence.html"));
            }
        } catch (IOException e) {
            throw UserError.environment("cannot write the report: " + e.getMessage());
        }
    }

    private static Evidence of(Plan plan, List<Cell> cells, List<RunRecord> runs, String command, Outputs outputs) {
        Summaries summaries = new Summaries(plan, runs);
        List<SignalScore> signals = outputs.traces()
                .map(traces -> new SignalStudy(plan, runs, traces).scores())
                .orElse(List.of());
        List<String> commits =
                runs.stream().map(RunRecord::commit).distinct().sorted().toList();
        Optional<EarlierReport> earlier =
                outputs.folder().flatMap(folder -> EarlierReport.read(plan, folder.resolve(FILE)));
        List<CellSummary> measured = summaries.cells(cells);
        List<CellSummary> table = earlier.map(report -> report.with(measured)).orElse(measured);
        List<DetectorSummary> detectors = summaries.detectors();
        return judged(
                plan,
                provenance(
                        table,
                        command,
                        earlier.map(report -> report.withCommits(commits)).orElse(commits)),
                table,
                earlier.map(report -> report.withDetectors(detectors)).orElse(detectors),
                earlier.map(report -> report.withSignals(signals)).orElse(signals));
    }

    private static Evidence judged(
            Plan plan,
            Provenance provenance,
            List<CellSummary> table,
            List<DetectorSummary> detectors,
            List<SignalScore> signals) {
        Claims claims = new Claims(plan, table);
        List<Claim> judged = new ArrayList<>(claims.all());
        judged.addAll(Claims.ofSignals(signals));
        return new Evidence(provenance, table, detectors, signals, judged, claims.harmful());
    }

    private static Provenance provenance(List<CellSummary> table, String command, List<String> commits) {
        return new Provenance(
                Launch.commit(),
                command,
                LocalDate.now(ZoneOffset.UTC).toString(),
                "%d processors, %s %s, Java %s"
                        .formatted(
                                Runtime.getRuntime().availableProcessors(),
                                System.getProperty("os.name"),
                                System.getProperty("os.arch"),
                                System.getProperty("java.version")),
                table.stream().mapToInt(CellSummary::runs).sum(),
                commits);
    }
}
