package io.instabilityguard.guard.console;

import io.instabilityguard.guard.console.PolicyHistory.Revision;
import io.instabilityguard.guard.console.TopicReader.Entry;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.policy.PolicyChange;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.policy.RevisionKey;
import io.instabilityguard.guard.policy.RunPattern;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.PolicyInForce;
import io.instabilityguard.schemas.PolicyRevision;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.RecordVerification;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** {@code guard policy}: the policies of runs. What is checked here is checked again by the guard, on top of the policy of its own process. */
@Command(
        name = "policy",
        description = "The policies of runs.",
        scope = ScopeType.INHERIT,
        footer = {
            "",
            "Examples:",
            "  guard policy check stricter.yaml",
            "  guard policy diff stricter.yaml --runs 'sweep-*'",
            "  guard policy apply stricter.yaml --runs 'sweep-*' --reason \"fewer false alarms\"",
            "  guard policy history"
        },
        mixinStandardHelpOptions = true)
final class PolicyCommand extends ClusterCommand {

    @Mixin
    private SigningOptions signing = new SigningOptions();

    private static final String FILE = "Policy, YAML: the keys that differ from those of the guard's process.";
    private static final String SHADOW =
            "Only tried: decides beside the policy in force and acts never; `guard shadow report` says how it does.";
    private static final String RUNS =
            "Runs: * stands for any characters, ? for one; the most specific pattern counts.";

    @Command(
            name = "check",
            description = "Says what is wrong with a policy, if anything.",
            mixinStandardHelpOptions = true)
    int check(@Parameters(paramLabel = "FILE", description = FILE) Path file) {
        Policy policy = cluster.policies().over(read(file));
        if (output.isJson()) {
            output.listing("mode", "hash")
                    .add(policy.mode().name(), policy.hash())
                    .print(out());
        } else {
            say("good: mode " + policy.mode() + ", hash " + policy.hash());
        }
        return 0;
    }

    @Command(name = "diff", description = "What a policy would change.", mixinStandardHelpOptions = true)
    int diff(
            @Parameters(paramLabel = "FILE", description = FILE) Path file,
            @Option(names = "--runs", defaultValue = "*", paramLabel = "PATTERN", description = RUNS) String runs) {
        PolicyBook book = cluster.policies();
        PolicyInForce inForce = inForce().get(new RunPattern(runs).text());
        Policy before =
                inForce == null ? book.base() : book.over(inForce.getRevision().getPolicy());
        Listing listing = output.listing("key", "before", "after");
        PolicyChange.between(before, book.over(read(file)))
                .forEach(change -> listing.add(change.key(), change.before(), change.after()));
        listing.print(out());
        return 0;
    }

    @Command(name = "apply", description = "Publishes a policy that is good.", mixinStandardHelpOptions = true)
    int apply(
            @Parameters(paramLabel = "FILE", description = FILE) Path file,
            @Option(names = "--runs", defaultValue = "*", paramLabel = "PATTERN", description = RUNS) String runs,
            @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "Why.") String reason,
            @Option(
                            names = "--author",
                            defaultValue = "${env:GUARD_OPERATOR:-${sys:user.name}}",
                            paramLabel = "NAME",
                            description = "Who.")
                    String author,
            @Option(names = "--shadow", description = SHADOW) boolean shadow) {
        return publish(key(runs, shadow), read(file), reason, author);
    }

    @Command(
            name = "promote",
            description = {
                "Puts the shadow policy of some runs in force, as it stands: one revision, which ends the shadow. Its own mode counts from then on.",
                "`guard shadow report` says how it did."
            },
            mixinStandardHelpOptions = true)
    int promote(
            @Option(names = "--runs", required = true, paramLabel = "PATTERN", description = RUNS) String runs,
            @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "Why.") String reason,
            @Option(
                            names = "--author",
                            defaultValue = "${env:GUARD_OPERATOR:-${sys:user.name}}",
                            paramLabel = "NAME",
                            description = "Who.")
                    String author) {
        PolicyInForce tried = inForce().get(key(runs, true).text());
        if (tried == null) {
            throw new PolicyException("no shadow policy is tried on runs " + runs + ": `guard policy apply FILE --runs "
                    + runs + " --shadow` begins one");
        }
        return publish(key(runs, false), tried.getRevision().getPolicy(), reason, author);
    }

    private int publish(RevisionKey key, String policy, String reason, String author) {
        PolicyRevision revision = PolicyRevision.newBuilder()
                .setPattern(key.pattern().text())
                .setPolicy(policy)
                .setVersion(nextVersion(key.text()))
                .setAuthor(author)
                .setReason(reason)
                .setTimestampMs(Clock.systemUTC().millis())
                .setShadow(key.shadow())
                .build();
        cluster.policies().problemOf(key.text(), revision).ifPresent(problem -> {
            throw new PolicyException(problem);
        });
        publish(key.text(), revision);
        if (output.isJson()) {
            output.listing("runs", "version")
                    .add(key.text(), revision.getVersion())
                    .print(out());
        } else {
            say("published for runs " + key.text() + " as version " + revision.getVersion()
                    + "; `guard policy history` says whether it is in force");
        }
        return 0;
    }

    private static RevisionKey key(String runs, boolean shadow) {
        return new RevisionKey(new RunPattern(runs), shadow);
    }

    @Command(name = "withdraw", description = "Takes a policy back.", mixinStandardHelpOptions = true)
    int withdraw(
            @Option(names = "--runs", required = true, paramLabel = "PATTERN", description = RUNS) String runs,
            @Option(names = "--shadow", description = SHADOW) boolean shadow) {
        String key = key(runs, shadow).text();
        if (!inForce().containsKey(key)) {
            throw new PolicyException(
                    "no policy is in force for runs " + key + ": `guard policy show` lists those that are");
        }
        publish(key, null);
        say("withdrawn from runs " + key + "; `guard policy history` says when it is no more in force");
        return 0;
    }

    @Command(
            name = "history",
            description = "Revisions and what became of them; keyId: the key that each claims to be signed with.",
            mixinStandardHelpOptions = true)
    int history() {
        Listing listing = output.listing("time", "offset", "runs", "version", "author", "keyId", "fate", "reason");
        PolicyHistory.of(wanted(), inForce(), refused()).forEach(revision -> add(listing, revision));
        listing.print(out());
        return 0;
    }

    @Command(name = "show", description = "Policies in force; of one run, its text.", mixinStandardHelpOptions = true)
    int show(@Parameters(arity = "0..1", paramLabel = "RUN", description = "Id of a run.") @Nullable String run) {
        Map<String, PolicyInForce> everywhere = inForce();
        if (run == null) {
            list(everywhere);
            return 0;
        }
        Map<RunPattern, PolicyInForce> all = new TreeMap<>();
        everywhere.values().stream()
                .filter(policy -> !policy.getRevision().getShadow())
                .forEach(policy -> all.put(new RunPattern(policy.getRevision().getPattern()), policy));
        String text = all.entrySet().stream()
                .filter(entry -> entry.getKey().matches(run))
                .findFirst()
                .map(entry -> "# runs " + entry.getKey().text() + ", hash "
                        + entry.getValue().getPolicyHash() + "\n"
                        + entry.getValue().getRevision().getPolicy())
                .orElse("# the policy of the guard's process");
        if (output.isJson()) {
            output.listing("run", "policy").add(run, text).print(out());
        } else {
            say(text);
        }
        return 0;
    }

    private void list(Map<String, PolicyInForce> policies) {
        Listing listing = output.listing("runs", "version", "author", "hash", "reason");
        policies.forEach((key, policy) -> listing.add(
                key,
                policy.getRevision().getVersion(),
                policy.getRevision().getAuthor(),
                policy.getPolicyHash(),
                policy.getRevision().getReason()));
        listing.print(out());
    }

    private static void add(Listing listing, Revision revision) {
        PolicyRevision wanted = revision.revision();
        listing.add(
                Instant.ofEpochMilli(revision.timestampMs()).toString(),
                revision.offset(),
                revision.pattern(),
                wanted == null ? "" : wanted.getVersion(),
                wanted == null ? "" : wanted.getAuthor(),
                revision.keyId(),
                revision.fate(),
                wanted == null ? "" : wanted.getReason());
    }

    private void publish(String runs, @Nullable PolicyRevision revision) {
        new TopicWriter(cluster, signing).write(Topics.POLICIES, runs, revision);
    }

    private long nextVersion(String key) {
        long last = wanted().stream()
                .filter(entry ->
                        entry.value() != null && key.equals(entry.record().key()))
                .mapToLong(entry -> entry.value().getVersion())
                .max()
                .orElse(0);
        PolicyInForce inForce = inForce().get(key);
        return 1 + Math.max(last, inForce == null ? 0 : inForce.getRevision().getVersion());
    }

    private List<Entry<PolicyRevision>> wanted() {
        List<Entry<PolicyRevision>> wanted = new ArrayList<>();
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.read(Topics.POLICIES, wanted::add);
        }
        return wanted;
    }

    /** What a guard of this configuration holds for in force: nobody shall promote what somebody else planted. */
    private Map<String, PolicyInForce> inForce() {
        Map<String, PolicyInForce> inForce = new TreeMap<>();
        RecordVerification operators = cluster.guard().operators();
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.read(Topics.POLICIES_IN_FORCE, entry -> {
                if (!entry.isBelieved(operators)) {
                    return;
                }
                inForce.remove(entry.record().key());
                if (entry.value() != null) {
                    inForce.put(entry.record().key(), entry.value());
                }
            });
        }
        return inForce;
    }

    private List<DeadLetter> refused() {
        List<DeadLetter> refused = new ArrayList<>();
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.read(Topics.DEAD_LETTERS, entry -> {
                if (entry.value().getTopic().equals(Topics.POLICIES.name())) {
                    refused.add(entry.value());
                }
            });
        }
        return refused;
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new PolicyException("policy file " + file + " cannot be read: " + e.getMessage());
        }
    }
}
