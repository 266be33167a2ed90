package io.instabilityguard.sidecar;

import com.sun.security.auth.module.UnixSystem;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * How a sidecar is set up. A later entry overrides an earlier one:
 *
 * <ol>
 *   <li>the defaults below
 *   <li>the file given with {@code --config} (YAML, nested or dotted keys, or Java properties)
 *   <li>the environment: {@code GUARD_SOCKET} for {@code socket}
 *   <li>the options {@code --socket} and {@code --bootstrap}
 * </ol>
 *
 * @param socket key {@code socket}: path of the Unix domain socket, in a folder of its own; default {@code
 *     /tmp/instability-guard-<uid>/guard.sock}
 * @param stateFolder key {@code state.folder}: where the journal of commands is kept; default {@code state} next to the socket
 * @param bootstrapServers key {@code bootstrap.servers}: default {@code 127.0.0.1:9092}
 * @param schemaRegistryUrl key {@code schema.registry.url}: Confluent wire format when set
 * @param backend key {@code numerics.backend}: {@code auto}, {@code openblas} or {@code ejml}; default {@code auto}
 * @param telemetryQueueRecords key {@code telemetry.queue.records}: 1 to 1,000,000; default 4,096; beyond, telemetry is dropped
 * @param outcomesQueueRecords key {@code outcomes.queue.records}: 1 to 1,000,000; default 1,024; beyond, outcomes wait for a restart
 * @param commandTimeoutMs key {@code command.timeout.ms}: longest wait of a trainer at one boundary, 1 to 60,000; default 2,000
 * @param kafka keys {@code kafka.*}, without that beginning: passed to all Kafka clients and serdes as they are
 */
public record SidecarConfig(
        Path socket,
        Path stateFolder,
        String bootstrapServers,
        Optional<String> schemaRegistryUrl,
        NumericsBackend backend,
        int telemetryQueueRecords,
        int outcomesQueueRecords,
        long commandTimeoutMs,
        Map<String, String> kafka) {
    private static final String KAFKA = "kafka.";
    private static final Pattern SERVERS = Pattern.compile("[^\\s,]+:\\d{1,5}(\\s*,\\s*[^\\s,]+:\\d{1,5})*");
    private static final int MAX_QUEUE = 1_000_000;
    private static final int MAX_TIMEOUT_MS = 60_000;
    static final String SOCKET = "socket";
    static final String BOOTSTRAP_SERVERS = "bootstrap.servers";
    private static final List<String> KEYS = List.of(
            SOCKET,
            "state.folder",
            BOOTSTRAP_SERVERS,
            "schema.registry.url",
            "numerics.backend",
            "telemetry.queue.records",
            "outcomes.queue.records",
            "command.timeout.ms");

    /** Copies the map. */
    public SidecarConfig {
        kafka = Map.copyOf(kafka);
    }

    /**
     * The configuration that these settings say, with defaults for the rest.
     *
     * @throws ConfigException that names the key, when it is unknown or its value is out of range
     */
    public static SidecarConfig of(Map<String, String> settings) {
        settings.keySet().forEach(SidecarConfig::checkKnown);
        Path socket = Path.of(settings.getOrDefault(SOCKET, defaultSocket()));
        return new SidecarConfig(
                socket,
                Path.of(settings.getOrDefault(
                        "state.folder", socket.resolveSibling("state").toString())),
                servers(settings.getOrDefault(BOOTSTRAP_SERVERS, "127.0.0.1:9092")),
                Optional.ofNullable(settings.get("schema.registry.url")),
                backend(settings.getOrDefault("numerics.backend", "auto")),
                number(settings, "telemetry.queue.records", 4_096, MAX_QUEUE),
                number(settings, "outcomes.queue.records", 1_024, MAX_QUEUE),
                number(settings, "command.timeout.ms", 2_000, MAX_TIMEOUT_MS),
                passedThrough(settings));
    }

    /** Settings for {@link io.instabilityguard.schemas.RecordSerdes}. */
    Map<String, String> serdeSettings() {
        Map<String, String> settings = new HashMap<>(kafka);
        schemaRegistryUrl.ifPresent(url -> settings.put("schema.registry.url", url));
        return settings;
    }

    private static String defaultSocket() {
        return "/tmp/instability-guard-" + new UnixSystem().getUid() + "/guard.sock";
    }

    private static void checkKnown(String key) {
        if (!KEYS.contains(key) && !(key.startsWith(KAFKA) && key.length() > KAFKA.length())) {
            throw new ConfigException("unknown key " + key + "; did you mean " + NearestWord.to(key, KEYS)
                    + "? Kafka's own begin with " + KAFKA);
        }
    }

    private static String servers(String value) {
        if (!SERVERS.matcher(value).matches()) {
            throw new ConfigException(
                    BOOTSTRAP_SERVERS + " is \"" + value + "\", must be host:port, or several with commas");
        }
        return value;
    }

    private static int number(Map<String, String> settings, String key, int otherwise, int most) {
        String value = settings.getOrDefault(key, Integer.toString(otherwise));
        try {
            int number = Integer.parseInt(value.strip());
            if (number >= 1 && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new ConfigException(key + " is " + value + ", must be a whole number from 1 to " + most, e);
        }
        throw new ConfigException(key + " is " + value + ", must be from 1 to " + most);
    }

    private static NumericsBackend backend(String value) {
        try {
            return NumericsBackend.valueOf(value.strip().toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new ConfigException("numerics.backend is " + value + ", must be auto, openblas or ejml", e);
        }
    }

    private static Map<String, String> passedThrough(Map<String, String> settings) {
        Map<String, String> kafka = new TreeMap<>();
        settings.forEach((key, value) -> {
            if (key.startsWith(KAFKA)) {
                kafka.put(key.substring(KAFKA.length()), value);
            }
        });
        return kafka;
    }
}
