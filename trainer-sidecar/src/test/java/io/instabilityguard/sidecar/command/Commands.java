package io.instabilityguard.sidecar.command;

import java.util.List;
import java.util.Map;

/** Commands for tests: for run "run-1", generation 5, decided at step 10, to apply at 12, valid to 20. */
public final class Commands {
    private Commands() {}

    public static ReceivedCommand msign(String id, long offset, String... layers) {
        return new ReceivedCommand(
                id,
                "run-1",
                "run-1",
                5,
                "APPLY_MSIGN",
                List.of(layers),
                Map.of(),
                10,
                12,
                20,
                "",
                "",
                0,
                "",
                0,
                offset);
    }

    public static ReceivedCommand learningRate(String id, long offset) {
        return inEpoch(id, offset, "", 0);
    }

    /** Any kind. */
    public static ReceivedCommand of(
            String id, long offset, String kind, Map<String, Double> parameters, String... layers) {
        return new ReceivedCommand(
                id, "run-1", "run-1", 5, kind, List.of(layers), parameters, 10, 12, 20, "", "", 0, "", 0, offset);
    }

    public static ReceivedCommand rollBack(String id, long offset, String undoes) {
        return new ReceivedCommand(
                id, "run-1", "run-1", 5, "ROLL_BACK", List.of(), Map.of(), 10, 12, 20, undoes, "", 0, "", 0, offset);
    }

    public static ReceivedCommand ofGeneration(String id, long generation, long offset) {
        return new ReceivedCommand(
                id, "run-1", "run-1", generation, "PAUSE", List.of(), Map.of(), 10, 12, 20, "", "", 0, "", 0, offset);
    }

    public static ReceivedCommand withKey(String id, String key, String run, long offset) {
        return new ReceivedCommand(id, key, run, 5, "PAUSE", List.of(), Map.of(), 10, 12, 20, "", "", 0, "", 0, offset);
    }

    /** A cut of the learning rate by a holder in an epoch. */
    public static ReceivedCommand inEpoch(String id, long offset, String holder, long epoch) {
        return new ReceivedCommand(
                id,
                "run-1",
                "run-1",
                5,
                "SCALE_LEARNING_RATE",
                List.of(),
                Map.of("factor", 0.5),
                10,
                12,
                20,
                "",
                holder,
                epoch,
                "",
                0,
                offset);
    }

    /** The cancellation of a command, by operator alice. */
    public static ReceivedCommand cancel(String id, long offset, String undoes) {
        return new ReceivedCommand(
                id, "run-1", "run-1", 5, "CANCEL", List.of(), Map.of(), 10, 12, 20, undoes, "", 0, "alice", 0, offset);
    }
}
