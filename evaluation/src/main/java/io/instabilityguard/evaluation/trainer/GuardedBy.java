package io.instabilityguard.evaluation.trainer;

import java.nio.file.Path;
import java.util.List;

/**
 * How a trainer reaches the guard.
 *
 * @param socket the sidecar's socket
 * @param runId name of the run; with several seeds the trainer appends {@code -seed} to it
 * @param lockstepDelay after step t the trainer waits (bounded) until the guard has consumed step t minus this
 */
public record GuardedBy(Path socket, String runId, int lockstepDelay) {
    List<String> arguments() {
        return List.of("--socket", socket.toString(), "--run-id", runId, "--lockstep", String.valueOf(lockstepDelay));
    }
}
