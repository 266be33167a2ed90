package io.instabilityguard.guard.view.http;

/** How far what is shown can be trusted. */
public enum FeedState {
    /** The topics are still being read up to where they were at the start. */
    CATCHING_UP,
    /** What is shown is what the topics say. */
    LIVE,
    /** The brokers do not answer: what is shown is old. */
    DISCONNECTED
}
