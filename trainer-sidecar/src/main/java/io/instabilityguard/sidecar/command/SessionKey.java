package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.frame.Hello;

/** One process of one generation of one run: who applies a command at most once. */
public record SessionKey(String run, long generation, int processRank) {
    /** Whose session this is. */
    public static SessionKey of(Hello hello) {
        return new SessionKey(hello.run(), hello.generation(), hello.processRank());
    }

    boolean isOlderGenerationOf(SessionKey other) {
        return run.equals(other.run) && processRank == other.processRank && generation < other.generation;
    }
}
