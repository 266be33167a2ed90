package io.instabilityguard.evaluation;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * How the all-in-one process is set up.
 *
 * @param data folder of the broker's log, the guard's state and the sidecar's journal; used by one process at a time
 * @param port where the broker listens, or {@link io.instabilityguard.evaluation.broker.EmbeddedBroker#ANY_PORT}
 * @param socket where trainers connect; empty for the sidecar's default
 * @param policy file of the policy; empty for the default one
 * @param mode what the guard may do; empty for what the policy says
 * @param sidecar further settings of the sidecar, under the names of its configuration
 */
public record AllInOneConfig(
        Path data,
        int port,
        Optional<Path> socket,
        Optional<Path> policy,
        Optional<GuardMode> mode,
        Map<String, String> sidecar) {
    /** Keeps its own copy. */
    public AllInOneConfig {
        sidecar = Map.copyOf(sidecar);
    }

    /** What the guard may do to a run. */
    public enum GuardMode {
        /** Decide and record only. */
        OBSERVE,
        /** Propose, and command what an operator approves. */
        APPROVE,
        /** Command. */
        ENFORCE
    }
}
