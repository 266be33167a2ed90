package io.instabilityguard.sidecar;

import com.sun.security.auth.module.UnixSystem;
import io.instabilityguard.sidecar.command.ShadowSettings;
import io.instabilityguard.sidecar.sample.SampleSettings;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

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
 * @param backend key {@code numerics.backend}: {@code auto}, {@code cuda}, {@code openblas} or {@code ejml}; default {@code auto}
 * @param telemetryQueueRecords key {@code telemetry.queue.records}: 1 to 1,000,000; default 4,096; beyond, telemetry is dropped
 * @param outcomesQueueRecords key {@code outcomes.queue.records}: 1 to 1,000,000; default 1,024; beyond, outcomes wait for a restart
 * @param commandTimeoutMs key {@code command.timeout.ms}: longest wait of a trainer at one boundary, 1 to 60,000; default 2,000
 * @param sampling keys {@code profiles-every} (Koopman profiles and block Jacobians at every so many samples: 0, never, to 1,000,000; default 5)
 *     and {@code increments} (keep the previous sample's weights, 4 bytes per tracked parameter, to measure exactly what changed: {@code true} or
 *     {@code false}, the default)
 * @param shadows keys {@code shadow-bytes} (memory for the weights that commands replaced, all sessions together: 0 to 2^40, default 1 GiB, and
 *     never more than a quarter of the Java heap) and {@code shadow-commands} (how many commands of a session can be rolled back: 0
 *     to 1,000; default 4)
 * @param publicKeys key {@code commands.public-keys}: PEM files, or folders of them, with commas between; when set, only commands signed with
 *     one of these keys are carried out; default none: every command that can be read is
 * @param allowedUsers key {@code socket.allowed-users}: names or numbers of the users whose processes may connect, with commas between;
 *     default the sidecar's own user only
 * @param metricsAddress key {@code metrics.address}: {@code HOST:PORT} where Prometheus reads {@code /metrics}; default none
 * @param kafka keys {@code kafka.*}, without that beginning: passed to all Kafka clients and serdes as they are; may hold secrets, so that only
 *     their names are ever printed
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
        SampleSettings sampling,
        ShadowSettings shadows,
        List<Path> publicKeys,
        List<String> allowedUsers,
        Optional<InetSocketAddress> metricsAddress,
        Map<String, String> kafka) {
    private static final String KAFKA = "kafka.";
    private static final Pattern SERVERS = Pattern.compile("[^\\s,]+:\\d{1,5}(\\s*,\\s*[^\\s,]+:\\d{1,5})*");
    private static final int MAX_QUEUE = 1_000_000;
    private static final int MAX_TIMEOUT_MS = 60_000;
    private static final int MAX_PROFILES_EVERY = 1_000_000;
    private static final long MAX_SHADOW_BYTES = 1L << 40;
    private static final int MAX_SHADOW_COMMANDS = 1_000;
    private static final int MAX_REQUEST = 1 << 20;
    private static final int REQUEST_MARGIN = 16 << 10;
    static final String SOCKET = "socket";
    static final String BOOTSTRAP_SERVERS = "bootstrap.servers";
    private static final String PUBLIC_KEYS = "commands.public-keys";
    private static final String ALLOWED_USERS = "socket.allowed-users";
    private static final String METRICS_ADDRESS = "metrics.address";
    private static final Pattern ADDRESS = Pattern.compile("([^\\s:]+|\\[[0-9a-fA-F:]+]):(\\d{1,5})");
    private static final int MAX_PORT = 65_535;
    private static final List<String> KEYS = List.of(
            SOCKET,
            "state.folder",
            BOOTSTRAP_SERVERS,
            "schema.registry.url",
            "numerics.backend",
            "telemetry.queue.records",
            "outcomes.queue.records",
            "command.timeout.ms",
            "profiles-every",
            "increments",
            "shadow-bytes",
            "shadow-commands",
            PUBLIC_KEYS,
            ALLOWED_USERS,
            METRICS_ADDRESS);

    /** Copies the collections. */
    public SidecarConfig {
        publicKeys = List.copyOf(publicKeys);
        allowedUsers = List.copyOf(allowedUsers);
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
                (int) number(settings, "telemetry.queue.records", 4_096, 1, MAX_QUEUE),
                (int) number(settings, "outcomes.queue.records", 1_024, 1, MAX_QUEUE),
                number(settings, "command.timeout.ms", 2_000, 1, MAX_TIMEOUT_MS),
                sampling(settings),
                shadows(settings),
                items(settings, PUBLIC_KEYS).map(Path::of).toList(),
                items(settings, ALLOWED_USERS).toList(),
                Optional.ofNullable(settings.get(METRICS_ADDRESS)).map(SidecarConfig::address),
                passedThrough(settings));
    }

    /** Settings for {@link io.instabilityguard.schemas.RecordSerdes}. */
    Map<String, String> serdeSettings() {
        Map<String, String> settings = new HashMap<>(kafka);
        schemaRegistryUrl.ifPresent(url -> settings.put("schema.registry.url", url));
        return settings;
    }

    /** Largest telemetry record: what Kafka's producer takes, less some room for its own. */
    int recordBytes() {
        long most = number(kafka, "max.request.size", MAX_REQUEST, 1, Integer.MAX_VALUE);
        return (int) Math.max(1, most - REQUEST_MARGIN);
    }

    private static SampleSettings sampling(Map<String, String> settings) {
        SampleSettings otherwise = SampleSettings.DEFAULT;
        return new SampleSettings(
                (int) number(settings, "profiles-every", otherwise.profilesEvery(), 0, MAX_PROFILES_EVERY),
                truth(settings, "increments", otherwise.increments()));
    }

    private static ShadowSettings shadows(Map<String, String> settings) {
        ShadowSettings otherwise = ShadowSettings.DEFAULT;
        return new ShadowSettings(number(settings, "shadow-bytes", otherwise.bytes(), 0, MAX_SHADOW_BYTES), (int)
                number(settings, "shadow-commands", otherwise.commands(), 0, MAX_SHADOW_COMMANDS));
    }

    private static Stream<String> items(Map<String, String> settings, String key) {
        return Stream.ofNullable(settings.get(key))
                .flatMap(value -> Stream.of(value.split(",", -1)))
                .map(item -> named(key, item.strip()));
    }

    private static String named(String key, String item) {
        if (item.isEmpty() || item.indexOf('\0') >= 0) {
            throw new ConfigException(key + " must be one name, or several with commas between");
        }
        return item;
    }

    @Override
    public String toString() {
        return "SidecarConfig[%s, %s, publicKeys=%s, kafka=%s]"
                .formatted(socket, bootstrapServers, publicKeys, kafka.keySet());
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

    private static InetSocketAddress address(String value) {
        Matcher parts = ADDRESS.matcher(value);
        if (!parts.matches() || Integer.parseInt(parts.group(2)) > MAX_PORT) {
            throw new ConfigException(METRICS_ADDRESS + " is \"" + value + "\", must be host:port");
        }
        return new InetSocketAddress(parts.group(1), Integer.parseInt(parts.group(2)));
    }

    private static long number(Map<String, String> settings, String key, long otherwise, long least, long most) {
        String value = settings.getOrDefault(key, Long.toString(otherwise));
        try {
            long number = Long.parseLong(value.strip());
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new ConfigException(
                    key + " is " + value + ", must be a whole number from " + least + " to " + most, e);
        }
        throw new ConfigException(key + " is " + value + ", must be from " + least + " to " + most);
    }

    private static boolean truth(Map<String, String> settings, String key, boolean otherwise) {
        String value = settings.getOrDefault(key, Boolean.toString(otherwise)).strip();
        if (!value.equals("true") && !value.equals("false")) {
            throw new ConfigException(key + " is " + value + ", must be true or false");
        }
        return value.equals("true");
    }

    private static NumericsBackend backend(String value) {
        try {
            return NumericsBackend.valueOf(value.strip().toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new ConfigException("numerics.backend is " + value + ", must be auto, cuda, openblas or ejml", e);
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
