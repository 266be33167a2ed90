package io.instabilityguard.guard.feed;

/** Takes what a {@link TopicFeed} reads, on the feed's one thread. */
@FunctionalInterface
public interface Taker {

    /** Takes a record; false when it makes no sense to whoever takes it. */
    boolean take(FeedRecord record);
}
