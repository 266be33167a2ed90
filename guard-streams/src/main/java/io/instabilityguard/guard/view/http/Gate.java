package io.instabilityguard.guard.view.http;

import io.instabilityguard.guard.view.access.Principal;
import io.instabilityguard.guard.view.access.RequestRate;
import io.instabilityguard.guard.view.access.Role;
import io.instabilityguard.guard.view.access.Sessions;
import io.instabilityguard.guard.view.access.Sessions.Opened;
import io.instabilityguard.guard.view.access.Sessions.Session;
import io.instabilityguard.guard.view.access.Tokens;
import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.ForbiddenResponse;
import io.javalin.http.Header;
import io.javalin.http.MisdirectedRequestResponse;
import io.javalin.http.SameSite;
import io.javalin.http.TooManyRequestsResponse;
import io.javalin.http.UnauthorizedResponse;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides who gets in. Before every request: its host must be ours (a page elsewhere whose name was pointed at this machine is turned away), it must not come too often, and
 * its answer carries the security headers. Before every route: the asker must have the route's role, by a bearer token or a browser's session; a write
 * by a session must repeat the session's CSRF token. Where a route is for other guards, too, their own token will do.
 */
final class Gate {

    private static final Logger LOG = LoggerFactory.getLogger(Gate.class);
    private static final String COOKIE = "guard-session";
    private static final String CSRF = "X-CSRF-Token";
    static final String BEARER = "Bearer ";
    private static final Set<String> READS = Set.of("GET", "HEAD");
    private static final double PER_SECOND = 50;
    private static final double BURST = 300;
    private static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                    + "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            "X-Content-Type-Options",
            "nosniff",
            "X-Frame-Options",
            "DENY",
            "Referrer-Policy",
            "no-referrer",
            "Cross-Origin-Opener-Policy",
            "same-origin",
            "Cross-Origin-Resource-Policy",
            "same-origin",
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=()");

    private final Set<String> hosts;
    private final boolean secureCookies;
    private final Tokens tokens;
    private final Tokens peers;
    private final Role withoutToken;
    private final Sessions sessions;
    private final RequestRate rate;

    Gate(HttpConfig config, Sessions sessions, Clock clock) {
        hosts = config.allowedHosts();
        secureCookies = config.secureCookies();
        tokens = config.tokens();
        peers = config.peers();
        withoutToken = config.withoutToken();
        this.sessions = sessions;
        rate = new RequestRate(clock, PER_SECOND, BURST);
    }

    /** Turns away who asks for another host or too often. */
    void admit(Context context) {
        HEADERS.forEach(context::header);
        String host = String.valueOf(context.host()).replaceFirst(":\\d+$", "");
        if (!hosts.contains(host)) {
            throw new MisdirectedRequestResponse(
                    "this server is not " + host + ": name it in http.hosts of the guard's configuration if it is");
        }
        if (!rate.allows(context.ip())) {
            long seconds = rate.waitSeconds(context.ip());
            context.header(Header.RETRY_AFTER, String.valueOf(seconds));
            throw new TooManyRequestsResponse("too many requests from this address: wait " + seconds + " s");
        }
    }

    /** Turns away who may not use the route. A route that says nothing about it is for administrators. */
    void check(Context context) {
        Needs needs = context.routeRoles().stream()
                .filter(Needs.class::isInstance)
                .map(Needs.class::cast)
                .findFirst()
                .orElse(Needs.ADMIN);
        if (needs.isForPeers() && isPeer(context)) {
            return;
        }
        Principal principal = principal(context);
        if (!principal.role().includes(needs.role())) {
            refuse(context, principal, needs.role());
        }
        if (!isRead(context) && bearer(context).isEmpty()) {
            checkOrigin(context);
        }
    }

    private boolean isPeer(Context context) {
        @Nullable String token = context.header(Peers.TOKEN);
        return token != null && peers.owner(token).isPresent();
    }

    private void refuse(Context context, Principal principal, Role needed) {
        if (principal.equals(Principal.anonymous(withoutToken))) {
            context.header(Header.WWW_AUTHENTICATE, "Bearer");
            throw new UnauthorizedResponse(
                    tokens.isEmpty()
                            ? "only who has a token may do this, and this guard knows none: `guard token` makes one"
                            : "sign in with a token");
        }
        throw new ForbiddenResponse(
                principal.name() + " is " + lower(principal.role()) + "; this needs " + lower(needed));
    }

    private void checkOrigin(Context context) {
        String repeated = context.header(CSRF);
        boolean ours = session(context)
                .filter(session -> session.csrfToken().equals(repeated))
                .isPresent();
        if (!ours) {
            throw new ForbiddenResponse("the header " + CSRF + " does not hold the token of this session");
        }
    }

    /** Who asks. */
    Principal principal(Context context) {
        return bearer(context)
                .map(token ->
                        tokens.owner(token).orElseThrow(() -> new UnauthorizedResponse("this token is not known here")))
                .or(() -> session(context).map(Session::principal))
                .orElse(Principal.anonymous(withoutToken));
    }

    /** Begins a browser's session for who shows a token. */
    Session signIn(Context context) {
        Principal principal = principal(context);
        if (bearer(context).isEmpty()) {
            throw new UnauthorizedResponse("send the token as Authorization: Bearer");
        }
        Opened opened = sessions.open(principal);
        setCookie(context, opened.id(), -1);
        LOG.info("{} signed in as {} from {}", principal.name(), lower(principal.role()), context.ip());
        return opened.session();
    }

    /** Ends the browser's session, if there is one. */
    void signOut(Context context) {
        String id = context.cookie(COOKIE);
        if (id != null) {
            sessions.close(id);
            setCookie(context, "", 0);
        }
    }

    /** The browser's session. */
    Optional<Session> session(Context context) {
        return Optional.ofNullable(context.cookie(COOKIE)).flatMap(sessions::find);
    }

    private void setCookie(Context context, String value, int maxAge) {
        context.cookie(new Cookie(COOKIE, value, "/", maxAge, secureCookies, true, null, SameSite.STRICT));
    }

    private static Optional<String> bearer(Context context) {
        @Nullable String header = context.header(Header.AUTHORIZATION);
        return Optional.ofNullable(header)
                .filter(value -> value.startsWith(BEARER))
                .map(value -> value.substring(BEARER.length()));
    }

    private static boolean isRead(Context context) {
        return READS.contains(context.req().getMethod());
    }

    private static String lower(Role role) {
        return role.name().toLowerCase(java.util.Locale.ROOT);
    }
}
