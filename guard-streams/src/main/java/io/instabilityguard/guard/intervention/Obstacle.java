package io.instabilityguard.guard.intervention;

import java.util.Optional;

/**
 * Why a rung may not command.
 *
 * @param reason one sentence
 * @param lasts whether waiting does not help, so that a ladder goes on to its next rung
 */
record Obstacle(String reason, boolean lasts) {

    static Optional<Obstacle> passing(String reason) {
        return Optional.of(new Obstacle(reason, false));
    }

    static Optional<Obstacle> lasting(String reason) {
        return Optional.of(new Obstacle(reason, true));
    }
}
