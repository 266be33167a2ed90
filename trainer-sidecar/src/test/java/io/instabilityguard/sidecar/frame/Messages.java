package io.instabilityguard.sidecar.frame;

import java.util.ArrayList;
import java.util.List;

/** Messages for tests. */
public final class Messages {
    private Messages() {}

    /** A HELLO without matrices. */
    public static HelloBuilder hello(String run, long generation) {
        return new HelloBuilder(run, generation);
    }

    /** A STEP with plain numbers. */
    public static HookMessage.Step step(long step, boolean sample) {
        return new HookMessage.Step(step, 2.0, 1.0, 0.01, 1.0, 5.0, sample, 0, 0, 20.0, 3.0, 0.0);
    }

    /** Builds a HELLO. */
    public static final class HelloBuilder {
        private final String run;
        private final long generation;
        private final List<Hello.Matrix> matrices = new ArrayList<>();
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
            long[] offsets = StagingDescriptor.offsets(matrices);
            matrices.add(
                    new Hello.Matrix(matrices.size(), name, role, 0, rows, columns, dtype, offsets[matrices.size()]));
            return this;
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

        public Hello build() {
            long bytes = StagingDescriptor.offsets(matrices)[matrices.size()];
            return new Hello(
                    1,
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
                    new Hello.Staging(path, bytes, 1),
                    matrices,
                    applied,
                    "0.1",
                    "2.0");
        }
    }
}
