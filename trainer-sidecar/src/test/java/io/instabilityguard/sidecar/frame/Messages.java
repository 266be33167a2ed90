package io.instabilityguard.sidecar.frame;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Messages for tests. */
public final class Messages {
    private Messages() {}

    /** A HELLO without matrices. */
    public static HelloBuilder hello(String run, long generation) {
        return new HelloBuilder(run, generation);
    }

    /** A STEP with plain numbers. */
    public static HookMessage.Step step(long step, boolean sample) {
        return step(step, sample, List.of(), List.of(), List.of(), List.of());
    }

    /** A sampled STEP with what goes with the sample. */
    public static HookMessage.Step sampled(
            long step,
            List<Integer> snapshotTokens,
            List<HookMessage.MixerSampled> mixersSampled,
            List<HookMessage.Statistic> statistics,
            String... omissions) {
        return step(step, true, snapshotTokens, mixersSampled, statistics, List.of(omissions));
    }

    private static HookMessage.Step step(
            long step,
            boolean sample,
            List<Integer> tokens,
            List<HookMessage.MixerSampled> mixers,
            List<HookMessage.Statistic> statistics,
            List<String> omissions) {
        return new HookMessage.Step(
                step,
                2.0,
                1.0,
                0.01,
                1.0,
                5.0,
                sample,
                0,
                0,
                20.0,
                3.0,
                0.0,
                tokens,
                mixers,
                statistics,
                omissions,
                "");
    }

    /** A plain step of a training program that holds its run. */
    public static HookMessage.Step held(long step, String reason) {
        return new HookMessage.Step(
                step, 2.0, 1.0, 0.01, 1.0, 5.0, false, 0, 0, 20.0, 3.0, 0.0, List.of(), List.of(), List.of(), List.of(),
                reason);
    }

    /** APPLIED without scales of the learning rate. */
    public static HookMessage.Applied applied(String id, long step, Integer... matrices) {
        return new HookMessage.Applied(id, step, List.of(matrices), 7.5, Double.NaN, Double.NaN, Map.of());
    }

    /** APPLIED of a command that halved the learning rate. */
    public static HookMessage.Applied halved(String id, long step) {
        return new HookMessage.Applied(id, step, List.of(), 0.1, 1.0, 0.5, Map.of());
    }

    /** NOT_APPLIED. */
    public static HookMessage.NotApplied notApplied(
            String id, long step, HookMessage.NotApplied.Status status, String reason) {
        return new HookMessage.NotApplied(id, step, status, reason, Map.of());
    }

    /** Builds a HELLO. */
    public static final class HelloBuilder {
        private final String run;
        private final long generation;
        private final List<Hello.Matrix> matrices = new ArrayList<>();
        private final List<Hello.Snapshot> snapshots = new ArrayList<>();
        private final List<Hello.Mixer> mixers = new ArrayList<>();
        private final Map<String, Integer> heads = new LinkedHashMap<>();
        private final List<StagingSlot> slots = new ArrayList<>();
        private @Nullable DeviceStaging device;
        private List<Hello.AppliedCommand> applied = List.of();
        private String path = "none";
        private boolean lockstep;
        private int processRank;
        private long step = -1;

        HelloBuilder(String run, long generation) {
            this.run = run;
            this.generation = generation;
        }

        public HelloBuilder matrix(String name, Hello.Role role, int rows, int columns, String dtype) {
            return matrix(name, role, 0, rows, columns, dtype);
        }

        public HelloBuilder matrix(String name, Hello.Role role, int depth, int rows, int columns, String dtype) {
            StagingSlot slot = slot(rows, columns, dtype);
            matrices.add(new Hello.Matrix(matrices.size(), name, role, depth, rows, columns, dtype, slot.offset()));
            return this;
        }

        /** After all matrices. */
        public HelloBuilder snapshot(String block, int depth, int width, int tokens, String dtype) {
            long entering = slot(tokens, width, dtype).offset();
            long leaving = slot(tokens, width, dtype).offset();
            snapshots.add(new Hello.Snapshot(snapshots.size(), block, depth, width, tokens, dtype, entering, leaving));
            return this;
        }

        /** After all snapshots. */
        public HelloBuilder mixer(String layer, int order, int total, int size, String parameter) {
            long mixed = slot(size, size, "float32").offset();
            long unprojected = slot(size, size, "float32").offset();
            boolean dynamic = parameter.isEmpty();
            mixers.add(
                    new Hello.Mixer(mixers.size(), layer, order, total, size, dynamic, parameter, mixed, unprojected));
            return this;
        }

        public HelloBuilder heads(String block, int count) {
            heads.put(block, count);
            return this;
        }

        private StagingSlot slot(int rows, int columns, String dtype) {
            long[] offsets = StagingDescriptor.offsets(slots);
            StagingSlot slot = new StagingSlot("slot", rows, columns, dtype, offsets[slots.size()]);
            slots.add(slot);
            return slot;
        }

        public HelloBuilder staging(String stagingPath) {
            path = stagingPath;
            return this;
        }

        public HelloBuilder lockstep() {
            lockstep = true;
            return this;
        }

        public HelloBuilder rank(int rank) {
            processRank = rank;
            return this;
        }

        public HelloBuilder step(long lastStep) {
            step = lastStep;
            return this;
        }

        public HelloBuilder applied(String id, long atStep) {
            applied = List.of(new Hello.AppliedCommand(id, atStep));
            return this;
        }

        public HelloBuilder device(DeviceStaging offer) {
            device = offer;
            return this;
        }

        public Hello build() {
            long bytes = StagingDescriptor.offsets(slots)[slots.size()];
            return new Hello(
                    Hello.VERSION,
                    run,
                    generation,
                    1_000,
                    processRank,
                    2,
                    4242,
                    10,
                    1,
                    lockstep,
                    step,
                    new Hello.Staging(path, bytes, 1, device),
                    matrices,
                    applied,
                    "0.1",
                    "2.0",
                    snapshots,
                    mixers,
                    heads);
        }
    }
}
