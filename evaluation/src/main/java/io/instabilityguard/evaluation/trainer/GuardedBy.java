package io.instabilityguard.evaluation.trainer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a trainer reaches the guard, and how it is held back: toy steps take milliseconds where real ones take hundreds.
 *
 * @param socket the sidecar's socket
 * @param runId name of the run; with several seeds the trainer appends {@code -seed} to it
 * @param lockstepDelay after step t the trainer waits (bounded) until the guard has consumed step t minus this; null to
 *     wait for nobody
 * @param minStepMillis the least time that a step takes
 */
public record GuardedBy(Path socket, String runId, @Nullable Integer lockstepDelay, int minStepMillis) {
    /** In lockstep with the guard. */
    public static GuardedBy lockstep(Path socket, String runId, int delay) {
        return new GuardedBy(socket, runId, delay, 0);
    }

    /** With a least step time, without waiting for the guard. */
    public static GuardedBy paced(Path socket, String runId, int minStepMillis) {
        return new GuardedBy(socket, runId, null, minStepMillis);
    }

    List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of("--socket", socket.toString(), "--run-id", runId));
        if (lockstepDelay != null) {
            arguments.addAll(List.of("--lockstep", String.valueOf(lockstepDelay)));
        }
        if (minStepMillis > 0) {
            arguments.addAll(List.of("--min-step-ms", String.valueOf(minStepMillis)));
        }
        return arguments;
    }
}
