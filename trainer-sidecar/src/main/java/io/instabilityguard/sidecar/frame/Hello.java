package io.instabilityguard.sidecar.frame;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
 * @param snapshots residual streams that are staged, block by block; two slots each, after those of the matrices
 * @param mixers hyper-connection matrices that are staged; two slots each, after those of the snapshots
 * @param heads number of attention heads by path of the block, where known
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
        String torchVersion,
        @MayBeAbsent List<Snapshot> snapshots,
        @MayBeAbsent List<Mixer> mixers,
        @MayBeAbsent Map<String, Integer> heads)
        implements HookMessage {
    private static final Pattern RUN = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}");

    /** The protocol version spoken here. */
    public static final int VERSION = 2;

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
        snapshots = Check.orEmpty(snapshots);
        mixers = Check.orEmpty(mixers);
        heads = Check.orEmpty(heads);
        Check.distinct("snapshots: block", snapshots, Snapshot::block);
        Check.distinct("mixers: order", mixers, Mixer::order);
        Check.distinct("mixers: layer", mixers, Mixer::layer);
        Check.that(mixers.stream().map(Mixer::total).distinct().count() <= 1, "mixers: total", "several", "one number");
        heads.forEach((block, count) -> Check.that(count >= 1, "heads of " + block, count, "at least 1"));
        checkParameters(mixers, matrices);
    }

    private static void checkParameters(List<Mixer> mixers, List<Matrix> matrices) {
        for (Mixer mixer : mixers) {
            Check.that(
                    mixer.parameter().isEmpty() || matrices.stream().anyMatch(matrix -> matrix.isMixingOf(mixer)),
                    "parameter of mixer " + mixer.layer(),
                    '"' + mixer.parameter() + '"',
                    "empty or a tracked RESIDUAL_MIXING matrix of its size");
        }
    }

    /** Every slot of the staging file in its order: matrices, then per snapshot entering and leaving, then per mixer mixed and unprojected. */
    public List<StagingSlot> slots() {
        List<StagingSlot> slots = new ArrayList<>();
        matrices.forEach(matrix -> slots.add(matrix.slot()));
        snapshots.forEach(snapshot -> slots.addAll(List.of(snapshot.entering(), snapshot.leaving())));
        mixers.forEach(mixer -> slots.addAll(List.of(mixer.mixed(), mixer.unprojected())));
        return slots;
    }

    /** Index among all slots of what enters this snapshot's block; the next one is what leaves it. */
    public int enteringSlot(int snapshot) {
        return matrices.size() + 2 * snapshot;
    }

    /** Index among all slots of this mixer's matrix as used; the next one is the matrix before any projection. */
    public int mixedSlot(int mixer) {
        return enteringSlot(snapshots.size()) + 2 * mixer;
    }

    /** At which step this process applied that command, or null if it did not (as far as it remembers). */
    public @Nullable Long appliedAt(String id) {
        return appliedCommands.stream()
                .filter(applied -> applied.id().equals(id))
                .map(AppliedCommand::step)
                .findFirst()
                .orElse(null);
    }

    /**
     * Where the weights are staged.
     *
     * @param path of the staging file
     * @param bytes its size
     * @param layoutVersion of the file
     * @param device an offer of device memory for the matrices; null when there is none
     */
    public record Staging(
            String path,
            long bytes,
            int layoutVersion,
            @MayBeAbsent @Nullable DeviceStaging device) {
        /** A staging file alone. */
        public Staging(String path, long bytes, int layoutVersion) {
            this(path, bytes, layoutVersion, null);
        }
    }

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
            Check.that(depth >= -1, "depth of " + name, depth, "at least -1");
            StagingSlot.check(name, rows, columns, dtype);
        }

        /** Where it is staged. */
        public StagingSlot slot() {
            return new StagingSlot(name, rows, columns, dtype, offset);
        }

        private boolean isMixingOf(Mixer mixer) {
            return role == Role.RESIDUAL_MIXING
                    && name.equals(mixer.parameter())
                    && rows == mixer.size()
                    && columns == mixer.size();
        }
    }

    /**
     * The residual stream around one block, at up to {@code tokens} sampled tokens: row i of both slots is token i.
     *
     * @param index position in the list
     * @param block path of the block
     * @param depth index of the block
     * @param width width of the stream
     * @param tokens rows of each slot
     * @param dtype of both slots
     * @param enteringOffset where the stream that enters the block is staged
     * @param leavingOffset where the stream that leaves it is staged
     */
    public record Snapshot(
            int index,
            String block,
            int depth,
            int width,
            int tokens,
            String dtype,
            long enteringOffset,
            long leavingOffset) {
        private static final int MOST_TOKENS = 1 << 16;
        private static final int MOST_WIDTH = 1 << 16;

        /** Refuses what no model has. */
        public Snapshot {
            Check.that(!block.isBlank(), "block of snapshot " + index, "empty", "a path");
            Check.that(depth >= 0, "depth of snapshot " + block, depth, "at least 0");
            Check.that(width <= MOST_WIDTH, "width of snapshot " + block, width, "at most " + MOST_WIDTH);
            Check.that(tokens <= MOST_TOKENS, "tokens of snapshot " + block, tokens, "at most " + MOST_TOKENS);
            StagingSlot.check("snapshot of " + block, tokens, width, dtype);
        }

        /** Where the stream that enters is staged. */
        public StagingSlot entering() {
            return new StagingSlot("snapshot entering " + block, tokens, width, dtype, enteringOffset);
        }

        /** Where the stream that leaves is staged. */
        public StagingSlot leaving() {
            return new StagingSlot("snapshot leaving " + block, tokens, width, dtype, leavingOffset);
        }
    }

    /**
     * A hyper-connection that mixes {@code size} residual streams, float32.
     *
     * @param index position in the list
     * @param layer path of the mixing module
     * @param order position in the order of the forward pass over all pipeline stages
     * @param total mixing layers of the whole model
     * @param size number of streams
     * @param dynamic whether the matrix depends on the token; means over tokens are staged then
     * @param parameter name of the static matrix among the tracked ones; empty when dynamic
     * @param mixedOffset where the matrix is staged as the forward pass used it
     * @param unprojectedOffset where it is staged as it was before any projection
     */
    public record Mixer(
            int index,
            String layer,
            int order,
            int total,
            int size,
            boolean dynamic,
            String parameter,
            long mixedOffset,
            long unprojectedOffset) {
        private static final int MOST_STREAMS = 64;
        private static final String DTYPE = "float32";

        /** Refuses what no model has. */
        public Mixer {
            Check.that(!layer.isBlank(), "layer of mixer " + index, "empty", "a path");
            Check.that(order >= 0 && order < total, "order of mixer " + layer, order, "in [0, total=" + total + ")");
            Check.that(size >= 1 && size <= MOST_STREAMS, "size of mixer " + layer, size, "from 1 to " + MOST_STREAMS);
        }

        /** Where the matrix is staged as the forward pass used it. */
        public StagingSlot mixed() {
            return new StagingSlot("mixed of " + layer, size, size, DTYPE, mixedOffset);
        }

        /** Where the matrix is staged as it was before any projection. */
        public StagingSlot unprojected() {
            return new StagingSlot("unprojected of " + layer, size, size, DTYPE, unprojectedOffset);
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
        OTHER,
        /** A static hyper-connection matrix, n x n. */
        RESIDUAL_MIXING
    }
}
