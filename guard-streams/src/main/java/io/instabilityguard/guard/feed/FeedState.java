package io.instabilityguard.guard.feed;

/** How far what is shown can be trusted. */
public enum FeedState {
    /** The topics are still being read up to where they were at the start. */
    CATCHING_UP,
    /** What was taken is what the topics say. */
    LIVE,
    /** The brokers do not answer: what was taken is old. */
    DISCONNECTED
}
