package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.evaluation.AllInOneConfig.GuardMode;
import io.instabilityguard.evaluation.history.HistoryRecorder;
import io.instabilityguard.evaluation.history.RunHistory;
import io.instabilityguard.evaluation.history.RunObserver;
import io.instabilityguard.evaluation.trainer.GuardedBy;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.evaluation.trainer.TrainerProcess;
import io.instabilityguard.guard.Guard;
import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.console.ConsoleMain;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.signature.KeyPairFiles;
import io.instabilityguard.schemas.signature.RecordVerification;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Who may act, with a real trainer and broker: an operator approves through the console, and of two guards only one acts. */
class OperatorIT {
    private static final String RUN = "approved";
    private static final String OTHER = "another-guard";
    private static final int STEP_MILLIS = 150;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private final Path folder = Lab.folder();

    @Test
    void shouldApplyExactlyOneCommandThatAnOperatorApproved() throws IOException {
        try (AllInOne all = AllInOne.start(Lab.in(GuardMode.APPROVE, folder, Optional.empty()));
                RunObserver observer = RunObserver.start(all.endpoints().bootstrapServers());
                TrainerProcess trainer = TrainerProcess.start(Lab.python(), job())) {
            HistoryRecorder recorder = new HistoryRecorder(RUN);
            observer.add(recorder);
            assertThat(recorder.awaitAnswer(0, PATIENCE)).isTrue();
            try (Guard other = enforcing(all)) {
                String proposal = awaitDecision(recorder, decision -> decision.getAction() == DecisionAction.PROPOSE)
                        .getCommandId();
                Decision bystander = awaitDecision(
                        recorder, decision -> decision.getApplication().equals(OTHER));
                assertThat(bystander.getAction()).isEqualTo(DecisionAction.WOULD_COMMAND);
                assertThat(bystander.getReason()).contains("instability-guard holds the run");

                assertThat(console(all, "commands", "approve", proposal, "--operator", "alice"))
                        .contains("approve");
                await().atMost(PATIENCE)
                        .until(() -> recorder.history().outcomes().stream()
                                .anyMatch(outcome -> outcome.getCommandId().equals(proposal)));
                assertThat(other.isRunning()).isTrue();
                assertThat(trainer.isAlive()).isTrue();
                check(recorder.history(), proposal);
                assertThat(console(all, "commands", "show", proposal)).contains("APPLIED", "alice");
                assertThat(console(all, "lease", "show", RUN)).contains("instability-guard", "it saw the run first");
            }
        }
    }

    private static void check(RunHistory history, String proposal) {
        assertThat(history.commands())
                .extracting(InterventionCommand::getId, InterventionCommand::getApprover)
                .containsExactly(tuple(proposal, "alice"));
        assertThat(history.outcomes())
                .extracting(InterventionOutcome::getStatus)
                .containsExactly(OutcomeStatus.APPLIED);
        assertThat(history.decisions())
                .filteredOn(decision -> decision.getAction() == DecisionAction.COMMAND)
                .extracting(Decision::getOperator)
                .containsExactly("alice");
    }

    private static Decision awaitDecision(HistoryRecorder recorder, Predicate<Decision> wanted) {
        await().atMost(PATIENCE)
                .until(() -> recorder.history().decisions().stream().anyMatch(wanted));
        return recorder.history().decisions().stream()
                .filter(wanted)
                .findFirst()
                .orElseThrow();
    }

    private TrainerJob job() {
        return TrainerJob.guarded("CS", 0, GuardedBy.paced(Lab.socketIn(folder), RUN, STEP_MILLIS))
                .lasting(2_000);
    }

    private Guard enforcing(AllInOne all) throws IOException {
        return new Guard(new GuardConfig(
                        all.endpoints().bootstrapServers(),
                        OTHER,
                        folder.resolve("other"),
                        1,
                        1,
                        null,
                        null,
                        Mode.ENFORCE,
                        KeyPairFiles.findOrCreate(folder.resolve("keys"), "guard")
                                .signingKey(),
                        RecordVerification.NONE,
                        Map.of()))
                .start();
    }

    private static String console(AllInOne all, String... arguments) {
        StringWriter said = new StringWriter();
        String[] words = Arrays.copyOf(arguments, arguments.length + 2);
        words[arguments.length] = "--bootstrap-servers";
        words[arguments.length + 1] = all.endpoints().bootstrapServers();
        int status = ConsoleMain.commandLine()
                .setOut(new PrintWriter(said, true))
                .setErr(new PrintWriter(said, true))
                .execute(words);
        assertThat(status).as(said.toString()).isZero();
        return said.toString();
    }
}
