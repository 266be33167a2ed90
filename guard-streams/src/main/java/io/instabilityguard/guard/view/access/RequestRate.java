package io.instabilityguard.guard.view.access;

import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;

/** Lets everybody ask so often and no oftener: a token bucket each. Remembers the latest askers only; a forgotten one begins with a full bucket. */
public final class RequestRate {

    private static final int MOST_ASKERS = 4_096;
    private static final double MILLIS = 1_000;

    private final Clock clock;
    private final double perSecond;
    private final double burst;
    private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true);

    /**
     * Nobody has asked yet.
     *
     * @param perSecond requests per second in the long run
     * @param burst requests at once after a rest
     */
    public RequestRate(Clock clock, double perSecond, double burst) {
        this.clock = clock;
        this.perSecond = perSecond;
        this.burst = burst;
    }

    private record Bucket(double left, long atMs) {}

    /** Whether this asker may ask once more now; asking counts when so. */
    public synchronized boolean allows(String asker) {
        long now = clock.millis();
        double left = left(asker, now);
        boolean allowed = left >= 1;
        buckets.put(asker, new Bucket(allowed ? left - 1 : left, now));
        if (buckets.size() > MOST_ASKERS) {
            buckets.remove(buckets.keySet().iterator().next());
        }
        return allowed;
    }

    /** Whole seconds until this asker may ask again, at least 1. */
    public synchronized long waitSeconds(String asker) {
        return Math.max(1, (long) Math.ceil((1 - left(asker, clock.millis())) / perSecond));
    }

    private double left(String asker, long now) {
        Bucket bucket = buckets.get(asker);
        return bucket == null ? burst : Math.min(burst, bucket.left() + (now - bucket.atMs()) / MILLIS * perSecond);
    }
}
