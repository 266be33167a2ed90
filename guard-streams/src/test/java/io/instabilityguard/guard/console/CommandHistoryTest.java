package io.instabilityguard.guard.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.instabilityguard.schemas.Evidence;
import io.instabilityguard.schemas.Health;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.Proposal;
import io.instabilityguard.schemas.RunState;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CommandHistoryTest {

    @Test
    void shouldTellWhatBecameOfEachCommandAndWhatWaits() {
        InterventionCommand applied = command("run-1/5/PAUSE/10");
        InterventionCommand sent = command("run-1/5/PAUSE/20");
        InterventionCommand split = command("run-1/5/PAUSE/30");
        List<InterventionOutcome> outcomes = List.of(
                outcome(applied, OutcomeStatus.APPLIED, 0),
                outcome(applied, OutcomeStatus.DUPLICATE, 0),
                outcome(split, OutcomeStatus.APPLIED, 0),
                outcome(split, OutcomeStatus.REFUSED, 1));

        CommandHistory history =
                CommandHistory.of(Map.of("run-1", proposing()), List.of(applied, sent, split), outcomes);

        assertThat(history.entries().values())
                .extracting(CommandEntry::id, CommandEntry::state)
                .containsExactly(
                        tuple(applied.getId(), "APPLIED"),
                        tuple(sent.getId(), "SENT"),
                        tuple(split.getId(), "APPLIED+REFUSED"),
                        tuple("run-1/5/APPLY_MSIGN/40", "PROPOSED"));
        assertThat(history.entry(split.getId()).orElseThrow().reason()).isEqualTo("because");
        assertThat(CommandEntry.runOf(split.getId())).isEqualTo("run-1");
    }

    @Test
    void shouldExplainItselfAndRefuseWhatMakesNoSense() {
        StringWriter said = new StringWriter();
        var line = ConsoleMain.commandLine().setOut(new PrintWriter(said, true)).setErr(new PrintWriter(said, true));

        assertThat(line.execute("commands", "--help")).isZero();
        assertThat(line.execute("lease", "--help")).isZero();
        assertThat(said.toString()).contains("guard commands approve", "guard lease take my-run");
        assertThat(line.execute("commands", "send", "run-1", "PAUS")).isEqualTo(2);
        assertThat(said.toString()).contains("PAUS");
    }

    private static RunState proposing() {
        return RunState.newBuilder()
                .setRun("run-1")
                .setGeneration(5)
                .setHealth(Health.ALARM)
                .setHealthReason("open: attention-outgrowth")
                .setMode(Mode.APPROVE)
                .setLastStep(40)
                .setOpenAnomalies(List.of())
                .setCommandsIssued(0)
                .setPolicyHash("hash")
                .setTimestampMs(1)
                .setProposals(List.of(Proposal.newBuilder()
                        .setId("run-1/5/APPLY_MSIGN/40")
                        .setIntervention("orthogonalise-attention")
                        .setAnomalyId("anomaly")
                        .setKind(InterventionKind.APPLY_MSIGN)
                        .setLayers(List.of("query"))
                        .setParameters(Map.of("steps", 0.0))
                        .setReason("why")
                        .setProposedAtStep(40)
                        .setExpiresAtStep(540)
                        .build()))
                .build();
    }

    private static InterventionCommand command(String id) {
        return InterventionCommand.newBuilder()
                .setId(id)
                .setRun("run-1")
                .setGeneration(5)
                .setKind(InterventionKind.PAUSE)
                .setLayers(List.of())
                .setParameters(Map.of())
                .setDecidedAtStep(10)
                .setApplyAtStep(11)
                .setExpiresAtStep(41)
                .setExpectedEffect("quiet")
                .setPolicyHash("hash")
                .setAnomalyId("")
                .setEvidence(Evidence.newBuilder()
                        .setDetector("d")
                        .setMetric("")
                        .setLayers(List.of())
                        .setValue(0)
                        .setBaseline(0)
                        .setThreshold(0)
                        .setFirstStep(0)
                        .setLastStep(0)
                        .setPartition(0)
                        .setOffset(0)
                        .build())
                .setTimestampMs(1)
                .build();
    }

    private static InterventionOutcome outcome(InterventionCommand command, OutcomeStatus status, int rank) {
        return InterventionOutcome.newBuilder()
                .setCommandId(command.getId())
                .setRun("run-1")
                .setGeneration(5)
                .setProcessRank(rank)
                .setKind(command.getKind())
                .setStatus(status)
                .setStep(11)
                .setReason(status == OutcomeStatus.APPLIED ? "" : "because")
                .setChanges(List.of())
                .setLearningRateScaleBefore(Double.NaN)
                .setLearningRateScaleAfter(Double.NaN)
                .setHookMillis(1)
                .setComputeMillis(1)
                .setLoopMillis(1)
                .setTimestampMs(1)
                .build();
    }
}
