package io.instabilityguard.guard.view.http;

import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Answers that are a moment old at most, so that many who look at a run cost no more than one, and one core at most is busy with them. Only what is known here is kept, for half
 * a second; the rest is asked for each time.
 */
final class RecentAnswers implements WatchSource {

    private static final long VALID_MS = 500;
    private static final int MOST = 32;

    private final WatchSource source;
    private final InstantSource clock;
    private final Map<Question, Answered> recent = new LinkedHashMap<>();

    RecentAnswers(WatchSource source, InstantSource clock) {
        this.source = source;
        this.clock = clock;
    }

    private record Question(String run, String layer) {}

    private record Answered(WatchAnswer answer, long atMs) {}

    @Override
    public synchronized WatchAnswer of(String run, String layer) {
        Question question = new Question(run, layer);
        long now = clock.millis();
        recent.values().removeIf(old -> now - old.atMs() >= VALID_MS || now < old.atMs());
        Answered known = recent.get(question);
        if (known != null) {
            return known.answer();
        }
        WatchAnswer answer = source.of(run, layer);
        if (answer instanceof WatchAnswer.Here && recent.size() < MOST) {
            recent.put(question, new Answered(answer, now));
        }
        return answer;
    }
}
