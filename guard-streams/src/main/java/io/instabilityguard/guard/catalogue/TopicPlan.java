package io.instabilityguard.guard.catalogue;

import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.Topic;
import java.util.Map;
import java.util.TreeMap;

/**
 * How durable the topics of the catalogue shall be, whatever each of them carries.
 *
 * @param replicationFactor copies of every partition
 * @param minInSyncReplicas copies that have a record before it counts as written
 */
public record TopicPlan(int replicationFactor, int minInSyncReplicas) {
    static final String MIN_IN_SYNC_REPLICAS = "min.insync.replicas";
    static final String UNCLEAN_ELECTION = "unclean.leader.election.enable";

    private static final int MOST_COPIES = 10;

    /** Refuses a plan that no cluster can keep. Errors: {@link PolicyException} that names the option. */
    public TopicPlan {
        if (replicationFactor < 1 || replicationFactor > MOST_COPIES) {
            throw new PolicyException(
                    "--replication-factor: must be from 1 to " + MOST_COPIES + ", not " + replicationFactor);
        }
        if (minInSyncReplicas < 1 || minInSyncReplicas > replicationFactor) {
            throw new PolicyException("--min-insync-replicas: must be from 1 to the replication factor "
                    + replicationFactor + ", not " + minInSyncReplicas);
        }
    }

    /** So many copies, and a record counts as written when the majority has it: of three copies one may be lost. */
    public static TopicPlan of(int replicationFactor) {
        return new TopicPlan(replicationFactor, replicationFactor / 2 + 1);
    }

    /** Settings to create a topic with; keys are Kafka's. */
    public Map<String, String> settings(Topic<?> topic) {
        Map<String, String> settings = new TreeMap<>(topic.settings());
        settings.put(MIN_IN_SYNC_REPLICAS, Integer.toString(minInSyncReplicas));
        settings.put(UNCLEAN_ELECTION, "false");
        return settings;
    }
}
