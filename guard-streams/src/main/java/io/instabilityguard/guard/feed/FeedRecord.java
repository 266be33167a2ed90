package io.instabilityguard.guard.feed;

import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * One committed record as a {@link TopicFeed} read it.
 *
 * @param topic where it stands
 * @param key its key, the run's id on most topics
 * @param value what it says; null when it was withdrawn
 * @param arrivedAtMs when it was read, epoch milliseconds
 * @param isNews whether it was written after the feed was opened
 */
public record FeedRecord(
        String topic, @Nullable String key, @Nullable SpecificRecord value, long arrivedAtMs, boolean isNews) {}
