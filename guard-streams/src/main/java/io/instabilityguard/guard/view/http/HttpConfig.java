package io.instabilityguard.guard.view.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.policy.Secret;
import io.instabilityguard.guard.policy.Section;
import io.instabilityguard.guard.view.access.Principal;
import io.instabilityguard.guard.view.access.Role;
import io.instabilityguard.guard.view.access.TokenHash;
import io.instabilityguard.guard.view.access.Tokens;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where pages and JSON are served, and to whom: section {@code http} of the guard's configuration.
 *
 * <p>Without tokens everybody on this machine may look and nobody may act, and no other address than this machine's own is served. With tokens nothing but the pages' frame
 * is served without one, unless {@code anonymousViewers}.
 *
 * @param address to listen on; default: the loopback interface
 * @param port to listen on; 0 takes any free one
 * @param hosts names under which it may be asked for, besides the loopback's own: those of a proxy, say. Anything else is refused, so that no web page can make
 *     a browser ask in its own name
 * @param secureCookies whether browsers may send the session's cookie over TLS only: true behind a proxy that ends it
 * @param anonymousViewers whether everybody who can reach it may look, although there are tokens
 * @param tokens who may do what
 * @param advertisedAddress {@code host:port} at which the other guards of the application reach this one; null for none. By default the address and port to listen on, where
 *     both are definite and other machines can reach them
 * @param peerToken what the guards of one application show each other to see the detectors of runs that the other one watches; null for none
 * @param history how far back topics are read at the start
 * @param historyBytes heap for histories
 */
public record HttpConfig(
        String address,
        int port,
        Set<String> hosts,
        boolean secureCookies,
        boolean anonymousViewers,
        Tokens tokens,
        @Nullable String advertisedAddress,
        @Nullable Secret peerToken,
        Duration history,
        long historyBytes) {

    private static final Pattern HOST_AND_PORT = Pattern.compile("[^\\s/:]+:\\d{1,5}|\\[[0-9a-fA-F:]+]:\\d{1,5}");
    private static final String LOOPBACK = "127.0.0.1";
    private static final int LAST_PORT = 65_535;
    private static final int DEFAULT_PORT = 8_642;
    private static final int DEFAULT_HOURS = 6;
    private static final int DEFAULT_MEGABYTES = 128;
    private static final long MEGABYTE = 1 << 20;

    /** Refuses to serve other machines without asking who they are. Errors: {@link PolicyException}. */
    public HttpConfig {
        hosts = Set.copyOf(hosts);
        if (tokens.isEmpty() && !isLoopback(address)) {
            throw new PolicyException("http.address: " + address
                    + " can be reached from other machines: name http.tokens (`guard token` makes one), or listen on "
                    + LOOPBACK);
        }
        if (advertisedAddress != null
                && !HOST_AND_PORT.matcher(advertisedAddress).matches()) {
            throw new PolicyException("http.advertised-address: must be host:port, not " + advertisedAddress);
        }
    }

    /** On the loopback interface, for everybody to look and for these tokens to act; port 0 takes any free one. */
    public static HttpConfig local(int port, Tokens tokens) {
        return new HttpConfig(
                LOOPBACK,
                port,
                Set.of(),
                false,
                true,
                tokens,
                null,
                null,
                Duration.ofHours(DEFAULT_HOURS),
                DEFAULT_MEGABYTES * MEGABYTE);
    }

    /** The section of a configuration file; none when it has none: then nothing is served. Errors: {@link PolicyException} that names the key. */
    public static Optional<HttpConfig> read(Path file, Map<String, String> environment) {
        try {
            JsonNode tree = new YAMLMapper().readTree(Files.readString(file));
            Section root = new Section("", tree);
            return root.has("http") ? Optional.of(of(root.section("http"), file, environment)) : Optional.empty();
        } catch (IOException e) {
            throw new PolicyException("configuration file " + file + " cannot be read: " + e.getMessage());
        }
    }

    private static HttpConfig of(Section section, Path file, Map<String, String> environment) {
        String address = section.has("address") ? section.text("address") : LOOPBACK;
        int port = section.wholeOr("port", 0, LAST_PORT, DEFAULT_PORT);
        HttpConfig config = new HttpConfig(
                address,
                port,
                section.has("hosts") ? new TreeSet<>(section.texts("hosts")) : Set.of(),
                section.isSet("secure-cookies"),
                section.isSet("anonymous-viewers"),
                new Tokens(tokens(section.section("tokens"))),
                advertised(section, environment).orElse(isDefinite(address, port) ? withPort(address, port) : null),
                section.has("peer-token-file") || section.has("peer-token-env")
                        ? Secret.read(section, "peer-token", file, environment)
                        : null,
                Duration.ofHours(section.wholeOr("history-hours", 0, 8_760, DEFAULT_HOURS)),
                section.wholeOr("history-megabytes", 1, 65_536, DEFAULT_MEGABYTES) * MEGABYTE);
        section.end();
        return config;
    }

    private static Optional<String> advertised(Section section, Map<String, String> environment) {
        if (section.has("advertised-address-env")) {
            String variable = section.text("advertised-address-env");
            return Optional.of(environment.getOrDefault(variable, ""));
        }
        return section.has("advertised-address") ? Optional.of(section.text("advertised-address")) : Optional.empty();
    }

    /** Whether others can find us where we listen. */
    private static boolean isDefinite(String address, int port) {
        return port > 0 && !inetAddress(address).isAnyLocalAddress() && !isLoopback(address);
    }

    private static String withPort(String address, int port) {
        return (address.contains(":") ? "[" + address + "]" : address) + ":" + port;
    }

    private static Map<TokenHash, Principal> tokens(Section section) {
        Map<TokenHash, Principal> tokens = new LinkedHashMap<>();
        section.each(HttpConfig::token).values().forEach(tokens::putAll);
        return tokens;
    }

    private static Map<TokenHash, Principal> token(Section section) {
        Role role = section.choice("role", Role.class, EnumSet.range(Role.VIEWER, Role.ADMIN));
        if (!Principal.isName(section.name())) {
            throw new PolicyException(section.path() + ": a name has 1 to 100 characters of [A-Za-z0-9_@-]");
        }
        try {
            return Map.of(new TokenHash(section.text("sha256")), new Principal(section.name(), role));
        } catch (IllegalArgumentException e) {
            throw section.wrong("sha256", "64 hexadecimal digits, as `guard token` prints them");
        }
    }

    /** What somebody without a token may do. */
    public Role withoutToken() {
        return tokens.isEmpty() || anonymousViewers ? Role.VIEWER : Role.ANYONE;
    }

    /** The other guards. */
    Tokens peers() {
        return peerToken == null
                ? Tokens.NONE
                : Tokens.NONE.with(peerToken.value(), new Principal("peer", Role.VIEWER));
    }

    /** Names under which it may be asked for. */
    Set<String> allowedHosts() {
        Set<String> allowed = new LinkedHashSet<>(hosts);
        if (advertisedAddress != null) {
            allowed.add(advertisedAddress.replaceFirst(":\\d+$", ""));
        }
        allowed.addAll(List.of("localhost", LOOPBACK, "[::1]", address));
        return allowed;
    }

    private static boolean isLoopback(String address) {
        return inetAddress(address).isLoopbackAddress();
    }

    private static InetAddress inetAddress(String address) {
        try {
            return InetAddress.getByName(address);
        } catch (UnknownHostException e) {
            throw new PolicyException("http.address: " + address + " is not an address of this machine");
        }
    }
}
