package io.instabilityguard.guard.console;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Evidence;
import io.instabilityguard.schemas.Topics;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** {@code guard anomalies}: what was found. */
@Command(
        name = "anomalies",
        description = "What the guard found.",
        scope = ScopeType.INHERIT,
        footer = {"", "Example:", "  guard anomalies ls --run my-run --open"},
        mixinStandardHelpOptions = true)
final class AnomaliesCommand extends ClusterCommand {

    @Command(
            name = "ls",
            description = "Every anomaly with its latest transition, oldest first.",
            mixinStandardHelpOptions = true)
    int ls(
            @Option(names = "--run", paramLabel = "R", description = "Id of the only run.") @Nullable String run,
            @Option(names = "--open", description = "Only those that have not cleared.") boolean open) {
        Listing listing = output.listing(
                "id", "state", "step", "raisedAtStep", "metric", "value", "threshold", "layers", "message");
        latest(run).values().stream()
                .filter(anomaly -> !open || anomaly.getTransition() != AnomalyTransition.CLEARED)
                .forEach(anomaly -> add(listing, anomaly));
        listing.print(out());
        return 0;
    }

    private static void add(Listing listing, Anomaly anomaly) {
        Evidence evidence = anomaly.getEvidence();
        listing.add(
                anomaly.getId(),
                anomaly.getTransition().name(),
                anomaly.getStep(),
                anomaly.getRaisedAtStep(),
                evidence.getMetric(),
                evidence.getValue(),
                evidence.getThreshold(),
                String.join(",", evidence.getLayers()),
                anomaly.getMessage());
    }

    private Map<String, Anomaly> latest(@Nullable String run) {
        Map<String, Anomaly> latest = new LinkedHashMap<>();
        try (TopicReader reader = new TopicReader(cluster)) {
            reader.read(Topics.ANOMALIES, entry -> {
                if (run == null || run.equals(entry.record().key())) {
                    latest.put(entry.value().getId(), entry.value());
                }
            });
        }
        return latest;
    }
}
