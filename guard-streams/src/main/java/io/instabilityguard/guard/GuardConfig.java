package io.instabilityguard.guard;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.instabilityguard.guard.deadletter.DeadLetterHandler;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.guard.policy.Section;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.signature.RecordSignature;
import io.instabilityguard.schemas.signature.RecordVerification;
import io.instabilityguard.schemas.signature.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.StreamsConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How one guard process runs. What it looks for and does is the {@link Policy}'s.
 *
 * <p>Precedence of Kafka's settings, later wins:
 *
 * <ol>
 *   <li>Kafka's own defaults;
 *   <li>the guard's: exactly once, short commits, dead letters, bounded memory, a standby, a quick failover;
 *   <li>{@code kafka:} of the file;
 *   <li>the file's own keys ({@code bootstrap-servers}, {@code application-id}, {@code state-dir}, {@code threads}, {@code replication-factor},
 *       {@code standby-replicas}, {@code instance-id}), and {@code advertised-address} of its section {@code http}.
 * </ol>
 *
 * <p>Precedence of the policy: see {@link PolicyBook}.
 *
 * @param bootstrapServers brokers, {@code host:port} with commas between
 * @param applicationId id of the group, prefix of internal topics
 * @param stateDir folder for state stores
 * @param threads stream threads
 * @param replicationFactor of internal topics; -1 takes the broker's default
 * @param policyFile policy laid over the default one; null for the default alone
 * @param mode replaces the policy's mode; null keeps it
 * @param pinned mode that no policy from Kafka changes; null for none
 * @param signer signs commands, decisions, claims, policies in force and what operators ask for on the dashboard; on the console what they write; null leaves
 *     them unsigned. Keys {@code signing.key} (PEM file of mode 0600, relative to the configuration) and {@code signing.key-id} (by default the file's name
 *     without its ending)
 * @param operators whose policies, actions and claims are believed: key {@code operators.public-keys}, PEM files or folders of them with commas between,
 *     relative to the configuration; the guards' own keys are among them. By default everybody's
 * @param kafka further settings of Kafka, and those of the serdes (see {@link io.instabilityguard.schemas.RecordSerdes}); may hold secrets, so
 *     that only their names are ever printed
 */
public record GuardConfig(
        String bootstrapServers,
        String applicationId,
        Path stateDir,
        int threads,
        int replicationFactor,
        @Nullable Path policyFile,
        @Nullable Mode mode,
        @Nullable Mode pinned,
        @Nullable SigningKey signer,
        RecordVerification operators,
        Map<String, String> kafka) {

    private static final Logger LOG = LoggerFactory.getLogger(GuardConfig.class);
    private static final String APPLICATION_ID = "instability-guard";

    /** The least that brokers allow by default: so long after its death is a process missed. */
    private static final int SESSION_MS = 6_000;

    private static final int HEARTBEAT_MS = 500;

    /** So long may what a dead process left unfinished keep others from reading on; longer than a broker's own failover takes. */
    private static final int TRANSACTION_MS = 6_000;

    /** Keeps its own copy. */
    public GuardConfig {
        kafka = Map.copyOf(kafka);
    }

    /** Defaults against these brokers. */
    public static GuardConfig local(String bootstrapServers) {
        Path stateDir = Path.of(System.getProperty("java.io.tmpdir"), APPLICATION_ID);
        return new GuardConfig(
                bootstrapServers,
                APPLICATION_ID,
                stateDir,
                1,
                -1,
                null,
                null,
                null,
                null,
                RecordVerification.NONE,
                Map.of());
    }

    /** Reads a YAML file; a relative {@code policy} is relative to it. Errors: {@link PolicyException} in one line. */
    public static GuardConfig read(Path file) {
        try {
            return parse(new YAMLMapper().readTree(Files.readString(file)), file);
        } catch (JsonProcessingException e) {
            throw PolicyException.notYaml("configuration file " + file + " is ", e);
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
                null,
                section.has("signing") ? signer(section.section("signing"), file) : null,
                section.has("operators") ? operators(section.section("operators"), file) : RecordVerification.NONE,
                kafka(section));
        section.has("http"); // read by io.instabilityguard.guard.view.http.HttpConfig
        section.has("notifications"); // read by io.instabilityguard.guard.notification.NotificationConfig
        section.end();
        return config;
    }

    private static SigningKey signer(Section section, Path file) {
        Path key = file.resolveSibling(section.text("key"));
        String id = section.has("key-id") ? section.text("key-id") : "";
        section.end();
        try {
            return id.isEmpty() ? SigningKey.read(key) : SigningKey.read(key, id);
        } catch (IOException e) {
            throw new PolicyException("signing: " + e.getMessage());
        }
    }

    private static RecordVerification operators(Section section, Path file) {
        List<Path> places = Stream.of(section.text("public-keys").split(","))
                .map(place -> file.resolveSibling(place.strip()))
                .toList();
        section.end();
        try {
            return RecordVerification.by(
                    places,
                    Clock.systemUTC()::millis,
                    e -> LOG.warn(
                            "operators.public-keys cannot be read again, the last ones hold: {}", e.getMessage()));
        } catch (IOException e) {
            throw new PolicyException("operators.public-keys: " + e.getMessage());
        }
    }

    private static Map<String, String> kafka(Section section) {
        Map<String, String> kafka = new LinkedHashMap<>(section.section("kafka").plain());
        if (section.has("standby-replicas")) {
            kafka.put(
                    StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG,
                    String.valueOf(section.whole("standby-replicas", 0, 10)));
        }
        if (section.has("instance-id")) {
            kafka.put(
                    StreamsConfig.mainConsumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG),
                    section.text("instance-id"));
        }
        return kafka;
    }

    /** The same, pinned to a mode. */
    public GuardConfig withMode(Mode newMode) {
        return with(newMode, kafka);
    }

    /** The same, telling the other guards of the application that it is reached at this {@code host:port}; null tells nothing. */
    public GuardConfig advertising(@Nullable String address) {
        if (address == null) {
            return this;
        }
        Map<String, String> all = new LinkedHashMap<>(kafka);
        all.put(StreamsConfig.APPLICATION_SERVER_CONFIG, address);
        return with(pinned, all);
    }

    private GuardConfig with(@Nullable Mode newMode, Map<String, String> newKafka) {
        return new GuardConfig(
                bootstrapServers,
                applicationId,
                stateDir,
                threads,
                replicationFactor,
                policyFile,
                mode,
                newMode,
                signer,
                operators,
                newKafka);
    }

    /** Why the guards of this configuration would not believe what this key signs, and what to do; empty when they would. */
    public Optional<String> problemOf(@Nullable SigningKey key) {
        if (!operators.isOn()) {
            return Optional.empty();
        }
        if (key == null) {
            return Optional.of(
                    "operators.public-keys asks for signatures, and there is no key to sign with: name one by signing.key");
        }
        Headers headers = new RecordHeaders();
        RecordSignature.sign(key, "", "", null, headers);
        return operators
                .problemOf("", "", null, headers)
                .map(problem -> "the key " + key.id() + " is not among operators.public-keys: copy " + key.id()
                        + ".pem there, on every guard");
    }

    /** Reads and checks the policy of the process. */
    public Policy policy() {
        Mode ours = pinned == null ? mode : pinned;
        return policyFile == null ? PolicyReader.parse("", ours) : PolicyReader.read(policyFile, ours);
    }

    /** The policy of the process, ready for those from Kafka. */
    public PolicyBook policies() {
        return new PolicyBook(policy(), pinned);
    }

    /** Settings for any Kafka client beside the topology, and for the serdes. */
    public Map<String, Object> clients() {
        Map<String, Object> clients = new LinkedHashMap<>(kafka);
        clients.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        return clients;
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

    @Override
    public String toString() {
        return "GuardConfig[%s, %s, mode=%s, signer=%s, kafka=%s]"
                .formatted(bootstrapServers, applicationId, mode, signer, kafka.keySet());
    }

    private static Map<String, Object> ours() {
        return Map.ofEntries(
                Map.entry(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2),
                Map.entry(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100),
                Map.entry(StreamsConfig.POLL_MS_CONFIG, 5),
                Map.entry(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 0),
                Map.entry(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest"),
                Map.entry(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, 1),
                Map.entry(StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), SESSION_MS),
                Map.entry(StreamsConfig.mainConsumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), HEARTBEAT_MS),
                Map.entry(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), TRANSACTION_MS),
                Map.entry(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true),
                Map.entry(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksDbMemory.class),
                Map.entry(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, DeadLetterHandler.class),
                Map.entry(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG, DeadLetterHandler.class),
                Map.entry(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_GLOBAL_ENABLED_CONFIG, true),
                Map.entry(StreamsConfig.PRODUCTION_EXCEPTION_HANDLER_CLASS_CONFIG, DeadLetterHandler.class));
    }
}
