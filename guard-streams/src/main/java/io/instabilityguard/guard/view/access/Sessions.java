package io.instabilityguard.guard.view.access;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Browsers that showed a token. Each holds a random id in a cookie that its scripts cannot read, and a second random value that every write must repeat, which a page
 * of another origin cannot know. Kept in memory: after a restart people sign in again.
 */
public final class Sessions {

    private static final Duration LIFETIME = Duration.ofHours(12);
    private static final int MOST = 1_000;

    private final Clock clock;
    private final SecureRandom random;
    private final Map<TokenHash, Session> open = new LinkedHashMap<>();

    /** No sessions yet. */
    public Sessions(Clock clock, SecureRandom random) {
        this.clock = clock;
        this.random = random;
    }

    /**
     * One browser's.
     *
     * @param principal who signed in
     * @param csrfToken what writes must repeat
     * @param endsAtMs when it ends, epoch milliseconds
     */
    public record Session(Principal principal, String csrfToken, long endsAtMs) {}

    /**
     * A session that has just begun.
     *
     * @param id for the cookie
     * @param session the rest
     */
    public record Opened(String id, Session session) {}

    /** Begins one; the oldest gives way when there are too many. */
    public synchronized Opened open(Principal principal) {
        String id = TokenHash.newToken(random);
        Session session = new Session(principal, TokenHash.newToken(random), clock.millis() + LIFETIME.toMillis());
        open.values().removeIf(this::isOver);
        if (open.size() >= MOST) {
            open.remove(open.keySet().iterator().next());
        }
        open.put(TokenHash.of(id), session);
        return new Opened(id, session);
    }

    /** The session of a cookie; none when it is unknown or over. */
    public synchronized Optional<Session> find(String id) {
        return Optional.ofNullable(open.get(TokenHash.of(id))).filter(session -> !isOver(session));
    }

    /** Ends one. */
    public synchronized void close(String id) {
        open.remove(TokenHash.of(id));
    }

    private boolean isOver(Session session) {
        return clock.millis() >= session.endsAtMs();
    }
}
