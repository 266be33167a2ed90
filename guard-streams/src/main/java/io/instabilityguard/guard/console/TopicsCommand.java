package io.instabilityguard.guard.console;

import io.instabilityguard.guard.catalogue.PresentTopic;
import io.instabilityguard.guard.catalogue.TopicCheck;
import io.instabilityguard.guard.catalogue.TopicPlan;
import io.instabilityguard.guard.catalogue.WrongSetting;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.NewTopic;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** {@code guard topics}: the topics of the catalogue on a cluster of one's own. */
@Command(
        name = "topics",
        description = "The guard's topics on your cluster.",
        scope = ScopeType.INHERIT,
        footer = {
            "",
            "Examples:",
            "  guard topics create --config guard.yaml --replication-factor 3",
            "  guard topics check --bootstrap-servers localhost:9092 --replication-factor 1"
        },
        mixinStandardHelpOptions = true)
final class TopicsCommand extends ClusterCommand {
    private static final int WRONG = 1;
    private static final int MOST_PARTITIONS = 1_000;

    @Option(
            names = "--replication-factor",
            paramLabel = "N",
            scope = ScopeType.INHERIT,
            description = "Copies of every partition; default ${DEFAULT-VALUE}.")
    private int replicationFactor = 3;

    @Option(
            names = "--min-insync-replicas",
            paramLabel = "N",
            scope = ScopeType.INHERIT,
            description = "Copies that must have a record before it counts as written; default: the majority.")
    private @Nullable Integer minInSyncReplicas;

    @Command(name = "create", description = "Creates those that are missing.", mixinStandardHelpOptions = true)
    int create(
            @Option(
                            names = "--partitions",
                            paramLabel = "N",
                            description = "Of every topic, instead of the catalogue's own numbers.")
                    @Nullable
                    Integer partitions) {
        if (partitions != null && (partitions < 1 || partitions > MOST_PARTITIONS)) {
            throw new PolicyException("--partitions: must be from 1 to " + MOST_PARTITIONS + ", not " + partitions);
        }
        TopicPlan plan = plan();
        Listing listing = output.listing("topic", "partitions", "replicationFactor", "created");
        try (TopicAdmin admin = new TopicAdmin(cluster)) {
            Map<String, PresentTopic> present = admin.present(names());
            List<NewTopic> missing = Topics.all().stream()
                    .filter(topic -> !present.containsKey(topic.name()))
                    .map(topic -> newTopic(
                            topic,
                            plan,
                            partitions == null || topic.partitions() == 1 ? topic.partitions() : partitions))
                    .toList();
            admin.create(missing);
            missing.forEach(topic -> listing.add(topic.name(), topic.numPartitions(), topic.replicationFactor(), true));
            present.forEach((name, topic) -> listing.add(name, topic.partitions(), topic.replicationFactor(), false));
        }
        listing.print(out());
        return 0;
    }

    @Command(
            name = "check",
            description = "Names every setting that is wrong, and what puts it right.",
            exitCodeList = {
                "0:all are as they must be",
                "1:a setting is wrong, or the brokers do not answer",
                ConsoleMain.BAD_OPTIONS
            },
            mixinStandardHelpOptions = true)
    int check() {
        List<WrongSetting> wrong;
        try (TopicAdmin admin = new TopicAdmin(cluster)) {
            wrong = TopicCheck.of(plan(), admin.present(names()));
        }
        if (wrong.isEmpty() && !output.isJson()) {
            out().println("all " + names().size() + " topics are as they must be");
            return 0;
        }
        Listing listing = output.listing("topic", "setting", "found", "expected", "fix");
        wrong.forEach(each -> listing.add(each.topic(), each.setting(), each.found(), each.expected(), each.fix()));
        listing.print(out());
        return wrong.isEmpty() ? 0 : WRONG;
    }

    private TopicPlan plan() {
        return minInSyncReplicas == null
                ? TopicPlan.of(replicationFactor)
                : new TopicPlan(replicationFactor, minInSyncReplicas);
    }

    private static List<String> names() {
        return Topics.all().stream().<String>map(Topic::name).toList();
    }

    private static NewTopic newTopic(Topic<?> topic, TopicPlan plan, int partitions) {
        return new NewTopic(topic.name(), partitions, (short) plan.replicationFactor()).configs(plan.settings(topic));
    }
}
