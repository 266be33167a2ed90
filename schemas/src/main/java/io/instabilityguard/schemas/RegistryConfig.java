package io.instabilityguard.schemas;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.ConfigException;

/**
 * How to reach the schema registry.
 *
 * @param url its root, http or https, without a slash at the end and without credentials
 * @param timeout longest wait for a connection and for an answer
 * @param registers whether unknown schemas are registered on write, or only looked up
 * @param credentials {@code user:password} for basic authentication, if any
 */
record RegistryConfig(String url, Duration timeout, boolean registers, Optional<String> credentials) {
    private static final String DEFAULT_TIMEOUT_MS = "5000";

    /** Reads the keys documented in {@link RecordSerdes}; empty when no URL is set. */
    static Optional<RegistryConfig> from(Map<String, ?> config) {
        return text(config, RecordSerdes.REGISTRY_URL)
                .map(url -> new RegistryConfig(
                        root(url),
                        timeout(text(config, RecordSerdes.REGISTRY_TIMEOUT_MS).orElse(DEFAULT_TIMEOUT_MS)),
                        flag(text(config, RecordSerdes.REGISTRY_REGISTERS).orElse("true")),
                        text(config, RecordSerdes.REGISTRY_CREDENTIALS)));
    }

    /** A configured value as text; empty when it is absent or blank. */
    static Optional<String> text(Map<String, ?> config, String key) {
        return Optional.ofNullable(config.get(key))
                .map(value -> value.toString().strip())
                .filter(text -> !text.isEmpty());
    }

    /** Keeps credentials out of the printed form. */
    @Override
    public String toString() {
        return "schema registry at " + url;
    }

    private static String root(String url) {
        URI uri = uri(url);
        boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
        if (!http || uri.getHost() == null || uri.getUserInfo() != null) {
            throw new ConfigException(RecordSerdes.REGISTRY_URL + ": expected one http:// or https:// address without"
                    + " credentials (those go into " + RecordSerdes.REGISTRY_CREDENTIALS + ")");
        }
        return url.replaceAll("/+$", "");
    }

    private static URI uri(String url) {
        try {
            return URI.create(url);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(RecordSerdes.REGISTRY_URL + ": not an address: " + e.getMessage());
        }
    }

    private static Duration timeout(String text) {
        if (!text.matches("[1-9][0-9]{0,6}")) {
            throw new ConfigException(RecordSerdes.REGISTRY_TIMEOUT_MS, text, "expected milliseconds, 1 to 9999999");
        }
        return Duration.ofMillis(Long.parseLong(text));
    }

    private static boolean flag(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new ConfigException(RecordSerdes.REGISTRY_REGISTERS, text, "expected true or false");
        };
    }
}
