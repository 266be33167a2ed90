package io.instabilityguard.guard.feed;

import io.instabilityguard.schemas.Topic;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a {@link TopicFeed} reads.
 *
 * @param name of the reader, as brokers and thread dumps show it
 * @param whole topics read from their beginning
 * @param recent topics read from some time ago
 * @param history how long ago; zero reads only what is written from now on
 */
public record FeedPlan(String name, List<Topic<?>> whole, List<Topic<?>> recent, Duration history) {

    /** Keeps its own copies. */
    public FeedPlan {
        whole = List.copyOf(whole);
        recent = List.copyOf(recent);
    }

    List<Topic<?>> topics() {
        return Stream.concat(whole.stream(), recent.stream()).toList();
    }

    boolean isWhole(String topic) {
        return whole.stream().anyMatch(known -> known.name().equals(topic));
    }
}
