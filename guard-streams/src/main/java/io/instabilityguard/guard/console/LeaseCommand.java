package io.instabilityguard.guard.console;

import io.instabilityguard.guard.lease.Lease;
import io.instabilityguard.guard.lease.LeaseValidation;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.LeaseAction;
import io.instabilityguard.schemas.LeaseClaim;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.RecordVerification;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** {@code guard lease}: who may act on which run. */
@Command(
        name = "lease",
        description = "Who may act on which run: shows, takes and releases.",
        scope = ScopeType.INHERIT,
        footer = {
            "",
            "While an operator holds a run, the guard only watches it and sends what that operator asks for. Examples:",
            "  guard lease show",
            "  guard lease take my-run --reason \"repairing it by hand\"",
            "  guard lease take my-run --for guard-2 --reason \"guard-1 is gone\"",
            "  guard lease release my-run"
        },
        mixinStandardHelpOptions = true)
final class LeaseCommand extends OperatorCommand {

    @Command(name = "show", description = "Who holds the runs, and why.", mixinStandardHelpOptions = true)
    int show(@Parameters(arity = "0..1", paramLabel = "RUN", description = "Of this run only.") @Nullable String run) {
        Map<String, Lease> leases = leases();
        if (run != null && !leases.containsKey(run)) {
            return refuse("nobody has claimed run " + run + " on these brokers");
        }
        Map<String, RunState> states = CommandHistory.states(cluster);
        Listing listing = output.listing("run", "holder", "epoch", "guard", "reason");
        leases.forEach((name, lease) -> {
            if (run == null || run.equals(name)) {
                add(listing, name, lease, states.get(name));
            }
        });
        listing.print(out());
        return 0;
    }

    /** The training program holds its run without a claim: only the run's state says so. */
    private static void add(Listing listing, String run, Lease lease, @Nullable RunState state) {
        if (state != null && state.getLeaseHolder().equals("trainer")) {
            listing.add(run, state.getLeaseHolder(), lease.epoch(), lease.inCharge(), state.getLeaseReason());
        } else {
            listing.add(run, lease.holder(), lease.epoch(), lease.inCharge(), lease.reason());
        }
    }

    @Command(
            name = "take",
            description = "Takes a run over, or hands it to another guard.",
            mixinStandardHelpOptions = true)
    int take(
            @Parameters(paramLabel = "RUN", description = "Id of the run.") String run,
            @Option(names = "--for", paramLabel = "APPLICATION", description = "Puts this guard in charge instead.")
                    @Nullable
                    String application,
            @Option(names = "--force", description = "Also from another operator.") boolean force) {
        String holder = application == null ? operator.holder() : application;
        Lease lease = leases().getOrDefault(run, Lease.FREE);
        boolean isOthers = Lease.isPerson(lease.holder()) && !lease.holder().equals(operator.holder());
        if (isOthers && !force) {
            return refuse(lease.holder() + " holds run " + run + " (" + lease.reason() + "): --force takes it over");
        }
        return claim(run, LeaseAction.TAKE, holder);
    }

    @Command(name = "release", description = "Gives a run back to its guard.", mixinStandardHelpOptions = true)
    int release(
            @Parameters(paramLabel = "RUN", description = "Id of the run.") String run,
            @Option(names = "--force", description = "Also when another operator holds it.") boolean force) {
        Lease lease = leases().getOrDefault(run, Lease.FREE);
        boolean isOwn = lease.holder().equals(operator.holder());
        if (!Lease.isPerson(lease.holder()) || !isOwn && !force) {
            return refuse("run " + run + " is held by " + (lease.holder().isEmpty() ? "nobody" : lease.holder()));
        }
        return claim(run, LeaseAction.RELEASE, lease.holder());
    }

    private int claim(String run, LeaseAction action, String holder) {
        LeaseClaim claim = LeaseClaim.newBuilder()
                .setId(OperatorOptions.newId())
                .setRun(run)
                .setAction(action)
                .setHolder(holder)
                .setClaimedBy(operator.holder())
                .setReason(operator.reason())
                .setTimestampMs(operator.nowMs())
                .build();
        LeaseValidation.problemOf(run, claim).ifPresent(problem -> {
            throw new PolicyException(problem);
        });
        new TopicWriter(cluster, signing).write(Topics.LEASES, run, claim);
        Lease now = leases().getOrDefault(run, Lease.FREE);
        output.listing("run", "holder", "epoch", "guard", "reason")
                .add(run, now.holder(), now.epoch(), now.inCharge(), now.reason())
                .print(out());
        return 0;
    }

    /** The leases on all runs, from their valid claims in the order of the topic, as every guard of this configuration reads them. */
    private Map<String, Lease> leases() {
        Map<String, Lease> leases = new TreeMap<>();
        RecordVerification operators = cluster.guard().operators();
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.read(Topics.LEASES, entry -> {
                String run = entry.record().key();
                if (LeaseValidation.problemOf(run, entry.value()).isEmpty() && entry.isBelieved(operators)) {
                    Lease before = leases.getOrDefault(run, Lease.FREE);
                    leases.put(run, before.after(entry.value(), entry.record().offset()));
                }
            });
        }
        return leases;
    }
}
