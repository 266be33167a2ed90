package io.instabilityguard.guard.console;

import io.instabilityguard.guard.catalogue.PresentTopic;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;

/** The topics of a cluster, looked at and made. Errors: {@link KafkaException} with the cluster's reason. */
final class TopicAdmin implements AutoCloseable {
    private static final int ANSWER_SECONDS = 30;

    private final Admin admin;

    TopicAdmin(ClusterOptions cluster) {
        this(cluster.clients());
    }

    TopicAdmin(Map<String, Object> client) {
        admin = Admin.create(client);
    }

    /** Those of these topics that exist, by name, as they are. */
    Map<String, PresentTopic> present(Collection<String> names) {
        Set<String> existing = answer(admin.listTopics().names());
        List<String> wanted = names.stream().filter(existing::contains).toList();
        Map<String, TopicDescription> topics =
                answer(admin.describeTopics(wanted).allTopicNames());
        Map<ConfigResource, Config> settings = answer(
                admin.describeConfigs(wanted.stream().map(TopicAdmin::resource).toList())
                        .all());
        Function<TopicDescription, PresentTopic> present =
                topic -> present(topic, settings.getOrDefault(resource(topic.name()), new Config(List.of())));
        return topics.values().stream().collect(Collectors.toMap(TopicDescription::name, present));
    }

    private static PresentTopic present(TopicDescription topic, Config settings) {
        int copies = topic.partitions().stream()
                .mapToInt(partition -> partition.replicas().size())
                .min()
                .orElse(0);
        return new PresentTopic(
                topic.partitions().size(),
                copies,
                settings.entries().stream()
                        .filter(entry -> entry.value() != null)
                        .collect(Collectors.toMap(ConfigEntry::name, ConfigEntry::value)));
    }

    private static ConfigResource resource(String topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic);
    }

    /** Creates these topics. */
    void create(List<NewTopic> topics) {
        answer(admin.createTopics(topics).all());
    }

    private static <T> T answer(KafkaFuture<T> future) {
        try {
            return future.get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e.getCause());
        } catch (java.util.concurrent.TimeoutException e) {
            throw new TimeoutException("the brokers did not answer within " + ANSWER_SECONDS + " s");
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    @Override
    public void close() {
        admin.close();
    }
}
