package io.instabilityguard.guard;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.instabilityguard.guard.deadletter.DeadLetterHandler;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.guard.policy.Section;
import io.instabilityguard.schemas.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;
import org.jspecify.annotations.Nullable;

/**
 * How one guard process runs. What it looks for and does is the {@link Policy}'s.
 *
 * <p>Precedence of Kafka's settings, later wins:
 *
 * <ol>
 *   <li>Kafka's own defaults;
 *   <li>the guard's: exactly once, short commits, dead letters, bounded memory;
 *   <li>{@code kafka:} of the file;
 *   <li>the file's own keys ({@code bootstrap-servers}, {@code application-id}, {@code state-dir}, {@code threads}, {@code replication-factor}).
 * </ol>
 *
 * <p>Precedence of the policy, later wins: the default policy, the file named by {@code policy}, {@code mode}.
 *
 * @param bootstrapServers brokers, {@code host:port} with commas between
 * @param applicationId id of the group, prefix of internal topics
 * @param stateDir folder for state stores
 * @param threads stream threads
 * @param replicationFactor of internal topics; -1 takes the broker's default
 * @param policyFile policy laid over the default one; null for the default alone
 * @param mode replaces the policy's mode; null keeps it
 * @param kafka further settings of Kafka, and those of the serdes (see {@link io.instabilityguard.schemas.RecordSerdes})
 */
public record GuardConfig(
        String bootstrapServers,
        String applicationId,
        Path stateDir,
        int threads,
        int replicationFactor,
        @Nullable Path policyFile,
        @Nullable Mode mode,
        Map<String, String> kafka) {

    private static final String APPLICATION_ID = "instability-guard";

    /** Keeps its own copy. */
    public GuardConfig {
        kafka = Map.copyOf(kafka);
    }

    /** Defaults against these brokers. */
    public static GuardConfig local(String bootstrapServers) {
        Path stateDir = Path.of(System.getProperty("java.io.tmpdir"), APPLICATION_ID);
        return new GuardConfig(bootstrapServers, APPLICATION_ID, stateDir, 1, -1, null, null, Map.of());
    }

    /** Reads a YAML file; a relative {@code policy} is relative to it. Errors: {@link PolicyException} in one line. */
    public static GuardConfig read(Path file) {
        try {
            return parse(new YAMLMapper().readTree(Files.readString(file)), file);
        } catch (JsonProcessingException e) {
            throw new PolicyException("configuration file " + file + " is not YAML, line "
                    + e.getLocation().getLineNr());
        } catch (IOException e) {
            throw new PolicyException("configuration file " + file + " cannot be read: " + e.getMessage());
        }
    }

    private static GuardConfig parse(JsonNode tree, Path file) {
        Section section = new Section("", tree);
        GuardConfig defaults = local(section.text("bootstrap-servers"));
        GuardConfig config = new GuardConfig(
                defaults.bootstrapServers(),
                section.has("application-id") ? section.text("application-id") : defaults.applicationId(),
                section.has("state-dir") ? Path.of(section.text("state-dir")) : defaults.stateDir(),
                section.has("threads") ? section.whole("threads", 1, 64) : defaults.threads(),
                section.has("replication-factor")
                        ? section.whole("replication-factor", -1, 10)
                        : defaults.replicationFactor(),
                section.has("policy") ? file.resolveSibling(section.text("policy")) : null,
                section.has("mode")
                        ? section.choice("mode", Mode.class, EnumSet.range(Mode.OBSERVE, Mode.ENFORCE))
                        : null,
                section.section("kafka").plain());
        section.has("http"); // read by io.instabilityguard.guard.view.http.HttpConfig
        section.end();
        return config;
    }

    /** The same with another mode. */
    public GuardConfig withMode(Mode newMode) {
        return new GuardConfig(
                bootstrapServers, applicationId, stateDir, threads, replicationFactor, policyFile, newMode, kafka);
    }

    /** Reads and checks the policy. */
    public Policy policy() {
        return policyFile == null ? PolicyReader.parse("", mode) : PolicyReader.read(policyFile, mode);
    }

    /** Settings for Kafka Streams. */
    public Properties streamsProperties() {
        Map<String, Object> all = new LinkedHashMap<>(ours());
        all.putAll(kafka);
        all.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        all.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId);
        all.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        all.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
        all.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, replicationFactor);
        Properties properties = new Properties();
        properties.putAll(all);
        return properties;
    }

    private static Map<String, Object> ours() {
        return Map.ofEntries(
                Map.entry(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2),
                Map.entry(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100),
                Map.entry(StreamsConfig.POLL_MS_CONFIG, 5),
                Map.entry(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 0),
                Map.entry(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest"),
                Map.entry(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true),
                Map.entry(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksDbMemory.class),
                Map.entry(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, DeadLetterHandler.class),
                Map.entry(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG, DeadLetterHandler.class));
    }
}
