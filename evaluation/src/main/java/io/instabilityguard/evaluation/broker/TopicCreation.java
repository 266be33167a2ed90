package io.instabilityguard.evaluation.broker;

import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.TopicExistsException;

/** Creates the topics of the catalogue, with as many replicas as the brokers say; topics that are there already stay as they are. */
public final class TopicCreation {
    /** Enough for two runs at a time; every partition costs the guard a task of its own. */
    private static final int PARTITIONS = 2;

    private static final int TIMEOUT_SECONDS = 30;

    private TopicCreation() {}

    /**
     * Creates what is missing.
     *
     * @throws IllegalStateException when the broker refuses or does not answer
     */
    public static void createMissing(String bootstrapServers) {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
            Set<String> present = admin.listTopics().names().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            List<NewTopic> missing = Topics.all().stream()
                    .filter(topic -> !present.contains(topic.name()))
                    .map(TopicCreation::newTopic)
                    .toList();
            admin.createTopics(missing).all().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw new IllegalStateException("the broker did not create the topics", e.getCause());
            }
        } catch (TimeoutException e) {
            throw new IllegalStateException("the broker did not create the topics in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while creating the topics", e);
        }
    }

    private static NewTopic newTopic(Topic<?> topic) {
        int partitions = Math.min(PARTITIONS, topic.partitions());
        return new NewTopic(topic.name(), Optional.of(partitions), Optional.empty()).configs(topic.settings());
    }
}
