package io.instabilityguard.sidecar.frame;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The first message of a session: who the trainer is, how it samples and where its weights will be staged.
 *
 * @param version protocol version, 1
 * @param run run id: 1 to 200 characters of {@code [A-Za-z0-9._-]}, not starting with a dot
 * @param generation grows with every start of the trainer
 * @param startedAtMs epoch milliseconds of the attach: no command for this generation is older
 * @param processRank distributed rank, from 0
 * @param worldSize number of processes of the run
 * @param pid process id of the trainer
 * @param sampleEvery steps between two samples of the weights
 * @param agreeEvery commands take effect at multiples of this step
 * @param lockstep whether the trainer waits for {@code PROGRESS}
 * @param step last step done, -1 if none
 * @param staging the staging file
 * @param matrices the tracked matrices in the order of their slots
 * @param appliedCommands the last commands that this process applied
 * @param hookVersion version of the hook
 * @param torchVersion version of PyTorch
 */
public record Hello(
        int version,
        String run,
        long generation,
        long startedAtMs,
        int processRank,
        int worldSize,
        long pid,
        int sampleEvery,
        int agreeEvery,
        boolean lockstep,
        long step,
        Staging staging,
        List<Matrix> matrices,
        @JsonProperty(value = "applied", required = true) List<AppliedCommand> appliedCommands,
        String hookVersion,
        String torchVersion)
        implements HookMessage {
    private static final Pattern RUN = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}");

    /** The protocol version spoken here. */
    public static final int VERSION = 1;

    /** Refuses another version and values out of range. */
    public Hello {
        Check.that(version == VERSION, "protocol version of the hook", version, "" + VERSION);
        Check.that(
                RUN.matcher(run).matches(),
                "run",
                '"' + run + '"',
                "1 to 200 characters of [A-Za-z0-9._-], not starting with a dot");
        Check.that(startedAtMs >= 0, "startedAtMs", startedAtMs, "at least 0");
        Check.that(worldSize >= 1, "worldSize", worldSize, "at least 1");
        Check.that(processRank >= 0 && processRank < worldSize, "processRank", processRank, "in [0, worldSize)");
        Check.that(sampleEvery >= 1, "sampleEvery", sampleEvery, "at least 1");
        Check.that(agreeEvery >= 1, "agreeEvery", agreeEvery, "at least 1");
        Check.that(step >= -1, "step", step, "at least -1");
        matrices = List.copyOf(matrices);
        appliedCommands = List.copyOf(appliedCommands);
    }

    /** At which step this process applied that command, or null if it did not (as far as it remembers). */
    public @Nullable Long appliedAt(String id) {
        return appliedCommands.stream()
                .filter(applied -> applied.id().equals(id))
                .map(AppliedCommand::step)
                .findFirst()
                .orElse(null);
    }

    /** Where the weights are staged: path, size in bytes, version of the layout. */
    public record Staging(String path, long bytes, int layoutVersion) {}

    /** A command that the hook applied at a step. */
    public record AppliedCommand(String id, long step) {}

    /**
     * A tracked matrix, row-major.
     *
     * @param index position in the list
     * @param name parameter path; slices of a fused matrix end in {@code [query]}, {@code [key]} or {@code [value]}
     * @param role what it does in its block
     * @param depth index of the block, -1 when none
     * @param rows rows, at least 1
     * @param columns columns, at least 1
     * @param dtype {@code float32}, {@code bfloat16}, {@code float16} or {@code float64}
     * @param offset of its slot in the staging file, bytes
     */
    public record Matrix(
            int index, String name, Role role, int depth, int rows, int columns, String dtype, long offset) {
        /** Refuses an empty matrix and an unknown dtype. */
        public Matrix {
            Check.that(rows >= 1, "rows of " + name, rows, "at least 1");
            Check.that(columns >= 1, "columns of " + name, columns, "at least 1");
            Check.that(depth >= -1, "depth of " + name, depth, "at least -1");
            Check.that(
                    StagingDescriptor.itemSize(dtype) > 0,
                    "dtype of " + name,
                    dtype,
                    "float32, bfloat16, float16 or float64");
        }

        /** Bytes of the slot, without padding. */
        public long bytes() {
            return (long) rows * columns * StagingDescriptor.itemSize(dtype);
        }
    }

    /** What a matrix does in its block. */
    public enum Role {
        QUERY,
        KEY,
        VALUE,
        OUTPUT,
        MLP_UP,
        MLP_DOWN,
        OTHER
    }
}
