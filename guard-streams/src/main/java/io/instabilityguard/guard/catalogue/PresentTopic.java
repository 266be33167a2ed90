package io.instabilityguard.guard.catalogue;

import java.util.Map;

/**
 * A topic as it is on a cluster.
 *
 * @param partitions how many it has
 * @param replicationFactor copies of the partition that has fewest
 * @param settings its settings in force; keys are Kafka's
 */
public record PresentTopic(int partitions, int replicationFactor, Map<String, String> settings) {
    /** Keeps its own copy. */
    public PresentTopic {
        settings = Map.copyOf(settings);
    }

    String setting(String key) {
        return settings.getOrDefault(key, "");
    }
}
