package io.instabilityguard.guard.console;

import io.instabilityguard.guard.console.TopicReader.Entry;
import io.instabilityguard.guard.intervention.LedgerCheck;
import io.instabilityguard.guard.intervention.LedgerCheck.Chain;
import io.instabilityguard.guard.intervention.LedgerCheck.Flaw;
import io.instabilityguard.guard.intervention.LedgerCheck.Place;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.PublicKeys;
import io.instabilityguard.schemas.signature.RecordSignature;
import io.instabilityguard.schemas.signature.SignatureProblem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** {@code guard ledger}: what the guard decided, and whether anybody has changed it since. */
@Command(
        name = "ledger",
        description = "What was decided, and whether it was changed.",
        scope = ScopeType.INHERIT,
        footer = {
            "",
            "Examples:",
            "  guard ledger show --run my-run",
            "  guard ledger verify --run my-run --head HASH --public-keys keys"
        },
        mixinStandardHelpOptions = true)
final class LedgerCommand extends ClusterCommand {

    private static final int BROKEN = 3;

    @Command(name = "show", description = "The decisions about one run, oldest first.", mixinStandardHelpOptions = true)
    int show(@Option(names = "--run", required = true, paramLabel = "R", description = "Id of the run.") String run) {
        Listing listing = output.listing(
                "application",
                "sequence",
                "step",
                "action",
                "command",
                "operator",
                "reason",
                "partition",
                "offset",
                "hash",
                "keyId");
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.read(Topics.DECISIONS, entry -> {
                if (run.equals(entry.record().key())) {
                    add(listing, entry);
                }
            });
        }
        listing.print(out());
        return 0;
    }

    private static void add(Listing listing, Entry<Decision> entry) {
        Decision decision = entry.value();
        listing.add(
                decision.getApplication(),
                decision.getSequence(),
                decision.getStep(),
                decision.getAction().name(),
                decision.getCommandId(),
                decision.getOperator(),
                decision.getReason(),
                entry.record().partition(),
                entry.record().offset(),
                decision.getHash(),
                entry.keyId());
    }

    @Command(
            name = "verify",
            description = {
                "Follows the chain of hashes through every decision, and says what was changed first.",
                "Decisions missing from the end show only against a hash that was noted before (--head)."
            },
            exitCodeList = {
                "0:nothing was changed",
                "1:the brokers do not answer",
                ConsoleMain.BAD_OPTIONS,
                "3:something was changed"
            },
            mixinStandardHelpOptions = true)
    int verify(
            @Option(names = "--run", paramLabel = "R", description = "Id of the only run to verify.") @Nullable
                    String run,
            @Option(
                            names = "--head",
                            paramLabel = "HASH",
                            description = "A hash that verify printed before: the chain of --run must contain it.")
                    @Nullable
                    String head,
            @Option(
                            names = "--public-keys",
                            split = ",",
                            paramLabel = "PATH",
                            description = "PEM files or folders: every decision must be signed by one of these keys.")
                    @Nullable
                    List<Path> publicKeys) {
        if (head != null && run == null) {
            throw new PolicyException("--head: name the run whose head it is by --run R");
        }
        List<Chain> chains = chains(publicKeys == null ? null : keys(publicKeys), run);
        if (run != null && chains.isEmpty() && head == null) {
            throw new PolicyException("no decision about run " + run + " is on these brokers");
        }
        boolean cut = head != null && chains.stream().noneMatch(chain -> chain.contains(head));
        print(chains);
        if (cut) {
            err().println("guard: run " + run + " has no decision " + head
                    + ": its chain was cut off before it, or replaced");
        }
        return cut || chains.stream().anyMatch(chain -> chain.finding().isPresent()) ? BROKEN : 0;
    }

    private void print(List<Chain> chains) {
        Listing listing = output.listing(
                "run", "application", "decisions", "state", "sequence", "partition", "offset", "explanation", "head");
        for (Chain chain : chains) {
            chain.finding()
                    .ifPresentOrElse(
                            finding -> listing.add(
                                    chain.run(),
                                    chain.application(),
                                    chain.decisions(),
                                    finding.flaw().name(),
                                    finding.sequence(),
                                    finding.place().partition(),
                                    finding.place().offset(),
                                    finding.explanation(),
                                    chain.head()),
                            () -> listing.add(
                                    chain.run(),
                                    chain.application(),
                                    chain.decisions(),
                                    "INTACT",
                                    -1,
                                    -1,
                                    -1,
                                    "",
                                    chain.head()));
        }
        listing.print(out());
    }

    private List<Chain> chains(@Nullable PublicKeys keys, @Nullable String run) {
        LedgerCheck check = new LedgerCheck();
        Deserializer<Decision> decisions =
                cluster.serdes().serde(Topics.DECISIONS).deserializer();
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.readRaw(Topics.DECISIONS, record -> {
                if (run == null || run.equals(record.key())) {
                    add(check, record, keys, decisions);
                }
            });
        }
        return check.chains();
    }

    private static void add(
            LedgerCheck check,
            ConsumerRecord<String, byte[]> record,
            @Nullable PublicKeys keys,
            Deserializer<Decision> decisions) {
        Place place = new Place(record.partition(), record.offset());
        Optional<SignatureProblem> problem = keys == null
                ? Optional.empty()
                : RecordSignature.problem(keys, record.topic(), record.key(), record.value(), record.headers());
        if (problem.isPresent()) {
            check.reject(record.key(), Flaw.UNTRUSTED, place, problem.get().reason());
            return;
        }
        try {
            Decision decision = decisions.deserialize(record.topic(), record.headers(), record.value());
            if (decision == null) {
                throw new SerializationException("it has no value");
            }
            check.add(record.key(), decision, place);
        } catch (SerializationException e) {
            check.reject(record.key(), Flaw.UNREADABLE, place, String.valueOf(e.getMessage()));
        }
    }

    private static PublicKeys keys(List<Path> places) {
        try {
            PublicKeys keys = PublicKeys.read(places);
            if (keys.isEmpty()) {
                throw new PolicyException("--public-keys: there is no *.pem file in " + places);
            }
            return keys;
        } catch (IOException e) {
            throw new PolicyException("--public-keys: " + e.getMessage());
        }
    }
}
