package io.instabilityguard.guard.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.GoldenTrace;
import io.instabilityguard.guard.Telemetry;
import io.instabilityguard.guard.agreement.Match;
import io.instabilityguard.guard.agreement.Match.Fate;
import io.instabilityguard.guard.agreement.Match.Subject;
import io.instabilityguard.guard.console.ConsoleMain;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.guard.recording.Recorded;
import io.instabilityguard.guard.recording.Recording;
import io.instabilityguard.guard.recording.RecordingWriter;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Replays of a guarded run of the evaluation, with one command's outcome beside its telemetry. */
final class ReplayTest {

    private static final String DEAF = "detectors: {attention-outgrowth: {enabled: false}}";

    @TempDir
    static Path folder;

    private static Recording recording;

    @BeforeAll
    static void record() throws IOException {
        Path file = folder.resolve("run.avro");
        try (RecordingWriter writer = new RecordingWriter(file, Telemetry.RUN)) {
            for (StepTelemetry step : new GoldenTrace("CS-0-guarded").telemetry()) {
                writer.write(recorded(Topics.TELEMETRY.name(), step.getTimestampMs(), step));
            }
            writer.finish();
        }
        recording = Recording.open(file);
    }

    @Test
    void shouldDecideTheSameTwiceByteForByte() throws IOException {
        Decided once = replay("", Mode.ENFORCE);
        Decided again = replay("", Mode.ENFORCE);
        assertThat(once.decisions()).hasSizeGreaterThan(5);
        assertThat(again.digest()).isEqualTo(once.digest()).hasSize(64);
        assertThat(again.decisions())
                .extracting(Decision::getHash)
                .isEqualTo(once.decisions().stream().map(Decision::getHash).toList());
        assertThat(replay("mode: observe", null).digest()).isNotEqualTo(once.digest());
    }

    @Test
    void shouldFindNoDifferenceToItself() throws IOException {
        Decided once = replay("", Mode.OBSERVE);
        DecisionDiff diff = DecisionDiff.between(once, once);
        assertThat(diff.isEmpty()).isTrue();
        assertThat(diff.matches()).extracting(Match::subject).contains(Subject.ALARM, Subject.COMMAND);
        assertThat(diff.matches()).allMatch(match -> match.leadSteps() == 0);
    }

    @Test
    void shouldLoseWhatADisabledDetectorFound() throws IOException {
        DecisionDiff diff = DecisionDiff.between(replay("", Mode.OBSERVE), replay(DEAF, Mode.OBSERVE));
        assertThat(diff.isEmpty()).isFalse();
        assertThat(diff.matches())
                .filteredOn(match -> match.fate() == Fate.LOST && match.subject() == Subject.ALARM)
                .isNotEmpty()
                .extracting(Match::detector)
                .containsOnly("attention-outgrowth");
        assertThat(diff.matches())
                .filteredOn(match -> match.fate() == Fate.NEW && match.subject() == Subject.ALARM)
                .isEmpty();
    }

    @Test
    void shouldDecideAsTheGuardInChargeDid() throws IOException {
        assertThat(replay("", Mode.ENFORCE).decisions())
                .allMatch(decision -> decision.getApplication().equals("some-guard"))
                .extracting(Decision::getAction)
                .contains(DecisionAction.COMMAND);
    }

    @Test
    void shouldBillWhatWasMeasuredAndEstimateTheRest() {
        CommandCosts costs = CommandCosts.of(
                List.of(
                        answer("r/1/APPLY_MSIGN/5", 200),
                        answer("r/1/APPLY_MSIGN/5", 300),
                        answer("r/1/APPLY_MSIGN/9", 100)),
                new double[] {90, 100, 5_000});
        Decided decided = new Decided(
                List.of(), List.of(wish("r/1/APPLY_MSIGN/5"), wish("r/1/APPLY_MSIGN/40"), wish("r/1/PAUSE/41")), "");
        CommandCosts.Bill bill = costs.of(decided);
        assertThat(bill.measured()).isEqualTo(3);
        assertThat(bill.estimated()).isEqualTo(2);
        assertThat(bill.unknown()).isEqualTo(1);
    }

    @Test
    void shouldTellADifferenceByItsExitStatus() throws IOException {
        Path deaf = Files.writeString(folder.resolve("deaf.yaml"), DEAF);
        Path same = Files.writeString(folder.resolve("same.yaml"), "");
        StringWriter out = new StringWriter();

        assertThat(run(out, "--policy", same.toString(), "--against", same.toString()))
                .isZero();
        assertThat(out.toString()).contains("SAME").contains("not what the run would have done");
        assertThat(run(out, "--policy", deaf.toString(), "--against", same.toString(), "--json"))
                .isEqualTo(3);
        assertThat(out.toString()).contains("\"fate\":\"LOST\"");
        assertThat(run(out, "--policy", folder.resolve("none").toString())).isEqualTo(2);
    }

    private static int run(StringWriter out, String... options) {
        CommandLine line = ConsoleMain.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(new StringWriter(), true));
        String[] arguments = new String[options.length + 2];
        arguments[0] = "replay";
        arguments[1] = recording.file().toString();
        System.arraycopy(options, 0, arguments, 2, options.length);
        return line.execute(arguments);
    }

    private static Decided replay(String yaml, Mode mode) throws IOException {
        Policy policy = PolicyReader.parse(yaml, mode);
        return Replay.of(recording, policy, "some-guard");
    }

    private static Recorded recorded(String topic, long timestampMs, SpecificRecord value) {
        return new Recorded(topic, 0, 0, timestampMs, List.of(), value);
    }

    private static InterventionOutcome answer(String command, double millis) {
        return InterventionOutcome.newBuilder()
                .setCommandId(command)
                .setRun("r")
                .setGeneration(1)
                .setProcessRank(0)
                .setKind(InterventionKind.APPLY_MSIGN)
                .setStatus(OutcomeStatus.APPLIED)
                .setStep(5)
                .setReason("")
                .setChanges(List.of())
                .setLearningRateScaleBefore(1)
                .setLearningRateScaleAfter(1)
                .setHookMillis(millis)
                .setComputeMillis(1)
                .setLoopMillis(1)
                .setTimestampMs(1)
                .build();
    }

    private static Decision wish(String command) {
        return Decision.newBuilder()
                .setRun("r")
                .setGeneration(1)
                .setSequence(0)
                .setStep(5)
                .setAction(DecisionAction.WOULD_COMMAND)
                .setAnomalyId("r/1/loss-spike/5")
                .setCommandId(command)
                .setVerdict(io.instabilityguard.schemas.Verdict.UNKNOWN)
                .setReason("")
                .setPolicyHash("")
                .setPreviousHash("")
                .setHash("")
                .setTimestampMs(1)
                .build();
    }
}
