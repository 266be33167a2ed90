package io.instabilityguard.guard.catalogue;

import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Compares the topics of a cluster with the catalogue and a plan. Pure. */
public final class TopicCheck {
    private static final String CONFIGS = "kafka-configs.sh --bootstrap-server $BROKERS --alter --entity-type topics";
    private static final String CLEANUP_POLICY = "cleanup.policy";
    private static final String RETENTION = "retention.ms";
    private static final String MAX_MESSAGE = "max.message.bytes";
    /** Kafka's own default, less what it keeps for itself; sidecars fill records of many layers up to it. */
    private static final long LEAST_MAX_MESSAGE = 1 << 20;

    private final TopicPlan plan;
    private final Map<String, PresentTopic> present;
    private final List<WrongSetting> wrong = new ArrayList<>();

    private TopicCheck(TopicPlan plan, Map<String, PresentTopic> present) {
        this.plan = plan;
        this.present = present;
    }

    /** What is wrong with the topics of the catalogue, in its order; {@code present} are the cluster's by name. */
    public static List<WrongSetting> of(TopicPlan plan, Map<String, PresentTopic> present) {
        TopicCheck check = new TopicCheck(plan, present);
        Topics.all().forEach(check::check);
        check.checkJoined();
        return check.wrong;
    }

    private void check(Topic<?> topic) {
        PresentTopic found = present.get(topic.name());
        if (found == null) {
            wrong.add(new WrongSetting(topic.name(), "topic", "missing", "present", "guard topics create"));
            return;
        }
        checkCopies(topic, found);
        topic.settings().forEach((key, value) -> checkKept(topic, found, key, value));
        if (number(found.setting(MAX_MESSAGE)) < LEAST_MAX_MESSAGE) {
            add(topic, found, MAX_MESSAGE, "at least " + LEAST_MAX_MESSAGE, Long.toString(LEAST_MAX_MESSAGE));
        }
    }

    private void checkCopies(Topic<?> topic, PresentTopic found) {
        if (found.replicationFactor() < plan.replicationFactor()) {
            wrong.add(new WrongSetting(
                    topic.name(),
                    "replication factor",
                    Integer.toString(found.replicationFactor()),
                    "at least " + plan.replicationFactor(),
                    "kafka-reassign-partitions.sh --bootstrap-server $BROKERS --execute --reassignment-json-file F, with "
                            + plan.replicationFactor() + " replicas per partition of " + topic.name() + " in F"));
        }
        String inSync = found.setting(TopicPlan.MIN_IN_SYNC_REPLICAS);
        if (number(inSync) < plan.minInSyncReplicas()) {
            String least = Integer.toString(plan.minInSyncReplicas());
            add(topic, found, TopicPlan.MIN_IN_SYNC_REPLICAS, "at least " + least, least);
        } else if (number(inSync) >= found.replicationFactor() && found.replicationFactor() > 1) {
            String most = Integer.toString(Math.min(plan.minInSyncReplicas(), found.replicationFactor() - 1));
            add(
                    topic,
                    found,
                    TopicPlan.MIN_IN_SYNC_REPLICAS,
                    "below the replication factor " + found.replicationFactor()
                            + ", or one lost broker stops all writing",
                    most);
        }
        if (!found.setting(TopicPlan.UNCLEAN_ELECTION).equals("false")) {
            add(topic, found, TopicPlan.UNCLEAN_ELECTION, "false, or acknowledged records can be lost", "false");
        }
    }

    private void checkKept(Topic<?> topic, PresentTopic found, String key, String value) {
        String is = found.setting(key);
        if (key.equals(RETENTION)) {
            if (number(is) != -1 && number(is) < number(value)) {
                add(topic, found, key, "at least " + value + ", or -1", value);
            }
        } else if (!is.equals(value)) {
            add(
                    topic,
                    found,
                    key,
                    key.equals(CLEANUP_POLICY) && value.equals("compact") ? "compact alone" : value,
                    value);
        }
    }

    /** Telemetry and outcomes of a run must be read by the same task. */
    private void checkJoined() {
        PresentTopic telemetry = present.get(Topics.TELEMETRY.name());
        PresentTopic outcomes = present.get(Topics.OUTCOMES.name());
        if (telemetry == null || outcomes == null || telemetry.partitions() == outcomes.partitions()) {
            return;
        }
        boolean fewer = outcomes.partitions() < telemetry.partitions();
        int most = Math.max(telemetry.partitions(), outcomes.partitions());
        String topic = fewer ? Topics.OUTCOMES.name() : Topics.TELEMETRY.name();
        wrong.add(new WrongSetting(
                topic,
                "partitions",
                Integer.toString(Math.min(telemetry.partitions(), outcomes.partitions())),
                most + ", as many as " + (fewer ? Topics.TELEMETRY : Topics.OUTCOMES).name(),
                "with guard and sidecars stopped: kafka-topics.sh --bootstrap-server $BROKERS --alter --topic " + topic
                        + " --partitions " + most));
    }

    private void add(Topic<?> topic, PresentTopic found, String key, String expected, String value) {
        String is = found.setting(key).isEmpty() ? "not set" : found.setting(key);
        String fix = CONFIGS + " --entity-name " + topic.name() + " --add-config " + key + "=" + value;
        wrong.add(new WrongSetting(topic.name(), key, is, expected, fix));
    }

    /** A setting as a number; -2, which no setting allows, when it is none. */
    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return -2;
        }
    }
}
