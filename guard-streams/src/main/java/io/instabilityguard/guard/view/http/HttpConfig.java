package io.instabilityguard.guard.view.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.instabilityguard.guard.policy.PolicyException;
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
        Duration history,
        long historyBytes) {

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
                Duration.ofHours(DEFAULT_HOURS),
                DEFAULT_MEGABYTES * MEGABYTE);
    }

    /** The section of a configuration file; none when it has none: then nothing is served. Errors: {@link PolicyException} that names the key. */
    public static Optional<HttpConfig> read(Path file) {
        try {
            JsonNode tree = new YAMLMapper().readTree(Files.readString(file));
            Section root = new Section("", tree);
            return root.has("http") ? Optional.of(of(root.section("http"))) : Optional.empty();
        } catch (IOException e) {
            throw new PolicyException("configuration file " + file + " cannot be read: " + e.getMessage());
        }
    }

    static HttpConfig of(Section section) {
        HttpConfig config = new HttpConfig(
                section.has("address") ? section.text("address") : LOOPBACK,
                section.wholeOr("port", 0, LAST_PORT, DEFAULT_PORT),
                section.has("hosts") ? new TreeSet<>(section.texts("hosts")) : Set.of(),
                section.isSet("secure-cookies"),
                section.isSet("anonymous-viewers"),
                new Tokens(tokens(section.section("tokens"))),
                Duration.ofHours(section.wholeOr("history-hours", 0, 8_760, DEFAULT_HOURS)),
                section.wholeOr("history-megabytes", 1, 65_536, DEFAULT_MEGABYTES) * MEGABYTE);
        section.end();
        return config;
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

    /** Names under which it may be asked for. */
    Set<String> allowedHosts() {
        Set<String> allowed = new LinkedHashSet<>(hosts);
        allowed.addAll(List.of("localhost", LOOPBACK, "[::1]", address));
        return allowed;
    }

    private static boolean isLoopback(String address) {
        try {
            return InetAddress.getByName(address).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new PolicyException("http.address: " + address + " is not an address of this machine");
        }
    }
}
