package io.instabilityguard.guard.console;

import io.instabilityguard.guard.agreement.Match;
import io.instabilityguard.guard.agreement.Match.Fate;
import io.instabilityguard.guard.agreement.Match.Subject;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.progress.Progress;
import io.instabilityguard.guard.recording.Recording;
import io.instabilityguard.guard.replay.CommandCosts.Bill;
import io.instabilityguard.guard.replay.Decided;
import io.instabilityguard.guard.replay.DecisionDiff;
import io.instabilityguard.guard.replay.RecordedRun;
import io.instabilityguard.guard.replay.Replay;
import io.instabilityguard.schemas.Mode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code guard replay}: what a policy would have decided on a recording. */
@Command(
        name = "replay",
        description = {
            "Runs the guard's topology under a policy on a recording, without a broker, and says which alarms and commands are new, lost or the same.",
            "Compared is with another policy (--against), or with what was decided when it was recorded."
        },
        exitCodeList = {
            "0:no alarm and no command is new or lost",
            "1:the recording cannot be read",
            ConsoleMain.BAD_OPTIONS,
            "3:an alarm or a command is new or lost"
        },
        footer = {
            "",
            "A replay shows what a policy would have decided on the recorded telemetry. It cannot show what the run would have done after another command.",
            "",
            "Example: guard replay my-run.avro --policy stricter.yaml --against default.yaml"
        },
        mixinStandardHelpOptions = true)
final class ReplayCommand extends ClusterCommand implements Callable<Integer> {

    private static final int DIFFERENT = 3;
    private static final String POLICY =
            "Policy, YAML: the keys that differ from those of the guard's process (--config), or from the default.";

    @Parameters(paramLabel = "FILE", description = "A recording.")
    private Path file = Path.of("");

    @Option(names = "--policy", required = true, paramLabel = "P", description = POLICY)
    private Path policy = Path.of("");

    @Option(
            names = "--against",
            paramLabel = "Q",
            description = "The policy to compare with; default: what was decided then.")
    private @Nullable Path against;

    @Option(
            names = "--mode",
            paramLabel = "MODE",
            description =
                    "observe, approve or enforce: replaces that of both policies. Under observe a command without a recorded outcome still starts its cooldown; under enforce it counts as not answered.")
    private @Nullable Mode mode;

    @Override
    public Integer call() throws IOException {
        Recording recording = Recording.open(file);
        PolicyBook book = new PolicyBook(cluster.policies().base(), mode);
        Policy candidate = book.over(PolicyCommand.read(policy));
        Policy other = against == null ? null : book.over(PolicyCommand.read(against));
        RecordedRun run = RecordedRun.of(recording);
        long records = other == null ? run.records() : 2 * run.records();
        Decided base;
        Decided tried;
        try (Progress progress = Progress.of("replaying telemetry", records, !output.isJson())) {
            base = other == null ? run.decided() : Replay.of(recording, other, run.application(), progress);
            tried = Replay.of(recording, candidate, run.application(), progress);
        }
        DecisionDiff diff = DecisionDiff.between(base, tried);
        printMatches(diff);
        printSides(run, diff, base, other, tried, candidate);
        if (!output.isJson()) {
            out().println();
            out().println("run " + recording.run() + ", steps " + run.firstStep() + " to " + run.lastStep() + ", "
                    + run.records() + " records. This is what was decided on the recorded telemetry,");
            out().println("not what the run would have done after another command.");
        }
        out().flush();
        return diff.isEmpty() ? 0 : DIFFERENT;
    }

    private void printMatches(DecisionDiff diff) {
        Listing listing =
                output.listing("what", "fate", "detector", "kind", "generation", "baseStep", "policyStep", "leadSteps");
        for (Match match : diff.matches()) {
            listing.add(
                    match.subject().name(),
                    match.fate().name(),
                    match.detector(),
                    match.kind(),
                    match.generation(),
                    match.baseStep(),
                    match.candidateStep(),
                    match.leadSteps());
        }
        listing.print(out());
    }

    private void printSides(
            RecordedRun run, DecisionDiff diff, Decided base, @Nullable Policy other, Decided tried, Policy candidate) {
        if (!output.isJson()) {
            out().println();
        }
        Listing listing = output.listing(
                "side", "mode", "policyHash", "alarms", "commands", "cost", "costEstimated", "costUnknown", "digest");
        addSide(listing, other == null ? "recorded" : "against", other, run, diff, base, Fate.NEW);
        addSide(listing, "policy", candidate, run, diff, tried, Fate.LOST);
        listing.print(out());
    }

    /** One side: it made everything but what only the other one made. */
    private static void addSide(
            Listing listing,
            String side,
            @Nullable Policy policy,
            RecordedRun run,
            DecisionDiff diff,
            Decided decided,
            Fate ofTheOther) {
        Bill bill = run.costs().of(decided);
        listing.add(
                side,
                policy == null ? "" : policy.mode().name(),
                policy == null ? "" : policy.hash(),
                count(diff, Subject.ALARM, ofTheOther),
                count(diff, Subject.COMMAND, ofTheOther),
                rounded(bill.measured()),
                rounded(bill.estimated()),
                bill.unknown(),
                decided.digest());
    }

    private static long count(DecisionDiff diff, Subject subject, Fate ofTheOther) {
        return diff.matches().stream()
                .filter(match -> match.subject() == subject && match.fate() != ofTheOther)
                .count();
    }

    /** Step-equivalents to three digits behind the point. */
    private static double rounded(double steps) {
        return Math.round(steps * 1_000) / 1_000.0;
    }
}
