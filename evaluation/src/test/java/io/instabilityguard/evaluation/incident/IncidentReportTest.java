package io.instabilityguard.evaluation.incident;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.evaluation.Records;
import io.instabilityguard.evaluation.report.HtmlReport;
import io.instabilityguard.guard.recording.Recorded;
import io.instabilityguard.guard.recording.Recording;
import io.instabilityguard.guard.recording.RecordingWriter;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Evidence;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.Verdict;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class IncidentReportTest {
    private static final String RUN = "run-1";
    private static final String COMMAND = RUN + "/1/SCALE_LEARNING_RATE/12";
    private static final String HOSTILE = "</td><script>alert('x')</script><img src=x onerror=\"alert(1)\">&";

    @TempDir
    Path folder;

    @Test
    void shouldSayWhatCameFirstWhatWasDoneAndWhetherItHelped() throws IOException {
        String page = page(
                step(10, 2.5),
                anomaly("slow-drift", 12, 1.2, 1),
                anomaly("loss-spike", 12, 9, 3),
                anomaly("late", 15, 100, 1),
                decision(0, DecisionAction.COMMAND, "cut answers loss-spike"),
                outcome(""),
                decision(1, DecisionAction.VERDICT, "the loss fell"),
                step(20, 2.4));
        assertThat(page)
                .contains("First came loss-spike at step 12")
                .contains("1 of 1 commands were applied")
                .contains("EFFECTIVE: the loss fell")
                .contains("0 APPLIED");
        assertThat(page.indexOf("<td>1</td><td>loss-spike")).isPositive();
        assertThat(page.indexOf("<td>2</td><td>slow-drift")).isPositive();
        assertThat(page.indexOf("<td>3</td><td>late")).isPositive();
    }

    @Test
    void shouldTellProgramsTheSameAndWriteNoPage() throws IOException {
        Path file = recording(
                step(10, 2.5),
                anomaly("slow-drift", 12, 1.2, 1),
                anomaly("loss-spike", 12, Double.POSITIVE_INFINITY, 3),
                decision(0, DecisionAction.COMMAND, "cut answers loss-spike"),
                outcome(""),
                decision(1, DecisionAction.VERDICT, "the loss fell"),
                step(20, 2.4));
        Path page = folder.resolve("page.html");
        StringWriter said = new StringWriter();

        int status = new CommandLine(new IncidentCommand())
                .setOut(new PrintWriter(said))
                .execute("--file", file.toString(), "--json", "--out", page.toString());

        assertThat(status).isZero();
        assertThat(page).doesNotExist();
        assertThat(said.toString()).hasLineCount(1);
        JsonNode facts = new ObjectMapper().readTree(said.toString());
        assertThat(facts.get("headline").asText()).startsWith("First came loss-spike at step 12");
        assertThat(facts.at("/causes").findValuesAsText("detector")).containsExactly("loss-spike", "slow-drift");
        assertThat(facts.at("/causes/0/value").asText()).isEqualTo("Infinity");
        assertThat(facts.at("/deeds/0/answers/0/status").asText()).isEqualTo("APPLIED");
        assertThat(facts.at("/deeds/0/verdicts/0/verdict").asText()).isEqualTo("EFFECTIVE");
        assertThat(facts.at("/ledger/0/state").asText()).startsWith("ALTERED at decision 0");
        assertThat(facts.get("ledgerIntact").asBoolean()).isFalse();
        assertThat(facts.at("/timeline")).hasSize(6);
    }

    @Test
    void shouldSayThatTheLedgerIsBrokenWhereItIs() throws IOException {
        assertThat(page(step(10, 2.5), decision(0, DecisionAction.COMMAND, "changed afterwards")))
                .contains("BROKEN")
                .contains("ALTERED at decision 0");
    }

    @Test
    void shouldEscapeWhatTheRunSays() throws IOException {
        String page = page(
                step(10, 2.5),
                hostileSpectra(),
                Anomaly.newBuilder(anomaly(HOSTILE, 12, 9, 3))
                        .setMessage(HOSTILE)
                        .build(),
                decision(0, DecisionAction.COMMAND, HOSTILE),
                outcome(HOSTILE));
        assertThat(page).doesNotContain("<script").doesNotContain("<img").contains("&lt;script&gt;");
    }

    @Test
    void shouldNeedNoNetwork() throws IOException {
        assertThat(page(step(10, 2.5)))
                .doesNotContain("http")
                .doesNotContain("src=")
                .contains("Nothing was found");
    }

    @Test
    void shouldKeepEverySpikeOfALongRun() {
        WorstPoints points = new WorstPoints(Math::max);
        IntStream.range(0, 100_000).forEach(step -> points.add(step, step == 77_777 ? 50 : 1));
        assertThat(points.points()).hasSizeLessThanOrEqualTo(1_000).anyMatch(point -> point.value() == 50);
        points.cutFrom(70_000);
        assertThat(points.points()).noneMatch(point -> point.step() >= 70_000);
    }

    private String page(SpecificRecord... records) throws IOException {
        return HtmlReport.render(IncidentReport.of(Incident.of(Recording.open(recording(records)))));
    }

    private Path recording(SpecificRecord... records) throws IOException {
        Path file = folder.resolve("run.avro");
        try (RecordingWriter writer = new RecordingWriter(file, RUN)) {
            for (SpecificRecord value : records) {
                writer.write(new Recorded(Topics.TELEMETRY.name(), 0, 0, 1_000, List.of(), value));
            }
            writer.finish();
        }
        return file;
    }

    private static StepTelemetry step(long step, double loss) {
        return StepTelemetry.newBuilder(Records.step(RUN, step, 4))
                .setLoss(loss)
                .build();
    }

    private static StepTelemetry hostileSpectra() {
        StepTelemetry step = step(11, 2.5);
        LayerSpectrum layer = LayerSpectrum.newBuilder(step.getLayers().get(0))
                .setName(HOSTILE)
                .build();
        return StepTelemetry.newBuilder(step).setLayers(List.of(layer)).build();
    }

    private static Anomaly anomaly(String detector, long step, double value, double threshold) {
        return Anomaly.newBuilder()
                .setId(RUN + "/1/" + detector + "/" + step)
                .setRun(RUN)
                .setGeneration(1)
                .setTransition(AnomalyTransition.RAISED)
                .setStep(step)
                .setRaisedAtStep(step)
                .setEvidence(Evidence.newBuilder()
                        .setDetector(detector)
                        .setMetric("loss")
                        .setLayers(List.of(detector))
                        .setValue(value)
                        .setBaseline(1)
                        .setThreshold(threshold)
                        .setFirstStep(step)
                        .setLastStep(step)
                        .build())
                .setForecastSteps(Double.NaN)
                .setMessage(detector + " fired")
                .setTimestampMs(1_000)
                .build();
    }

    private static Decision decision(long sequence, DecisionAction action, String reason) {
        return Decision.newBuilder()
                .setRun(RUN)
                .setGeneration(1)
                .setSequence(sequence)
                .setStep(12)
                .setAction(action)
                .setAnomalyId(RUN + "/1/loss-spike/12")
                .setCommandId(COMMAND)
                .setVerdict(action == DecisionAction.VERDICT ? Verdict.EFFECTIVE : Verdict.UNKNOWN)
                .setReason(reason)
                .setPolicyHash("")
                .setPreviousHash("")
                .setHash("")
                .setTimestampMs(1_000)
                .build();
    }

    private static InterventionOutcome outcome(String reason) {
        InterventionCommand command = InterventionCommand.newBuilder(
                        Records.command(RUN, RUN + "/1/loss-spike/12", InterventionKind.SCALE_LEARNING_RATE))
                .setId(COMMAND)
                .build();
        return InterventionOutcome.newBuilder(Records.applied(command))
                .setReason(reason)
                .build();
    }
}
