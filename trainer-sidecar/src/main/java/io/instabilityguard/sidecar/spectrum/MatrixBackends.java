package io.instabilityguard.sidecar.spectrum;

import java.util.List;
import java.util.function.Supplier;

/** Finds the fastest backend that works on this machine; never fails, never crashes. */
public final class MatrixBackends {

    /**
     * A backend and why it is that one.
     *
     * @param backend ready for use
     * @param reason one line for a log or {@code ./guard doctor}
     */
    public record Choice(MatrixBackend backend, String reason) {}

    private MatrixBackends() {}

    /** OpenBLAS on one thread when its native library loads and multiplies rightly, else EJML. */
    public static Choice detect() {
        return detect(1);
    }

    /** As {@link #detect()} with {@code threads} threads, a process-wide setting of OpenBLAS; 1 or more. */
    public static Choice detect(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("numerics with " + threads + " threads: give 1 or more");
        }
        return firstUsable(List.of(() -> new OpenBlasBackend(threads)), new EjmlBackend());
    }

    /** The first candidate that can be made and passes a small check, else {@code fallback} with the last reason. */
    static Choice firstUsable(List<Supplier<MatrixBackend>> candidates, MatrixBackend fallback) {
        String reason = "no faster backend is known";
        for (Supplier<MatrixBackend> candidate : candidates) {
            // A native library that does not load is an Error, and here an expected one
            try {
                MatrixBackend backend = candidate.get();
                if (multipliesRightly(backend)) {
                    return new Choice(backend, backend.name() + " loaded");
                }
                reason = backend.name() + " multiplied wrongly";
            } catch (LinkageError | RuntimeException e) {
                reason = "the native library did not load: " + rootOf(e);
            }
        }
        return new Choice(fallback, fallback.name() + " because " + reason);
    }

    private static boolean multipliesRightly(MatrixBackend backend) {
        FloatMatrix left = backend.allocate(2, 2);
        FloatMatrix right = backend.allocate(2, 1);
        FloatMatrix product = backend.allocate(2, 1);
        backend.write(new float[] {1, 2, 3, 4}, left);
        backend.write(new float[] {5, 6}, right);
        backend.multiply(1, left, right, 0, product);
        float[] values = backend.read(product);
        return values[0] == 17 && values[1] == 39;
    }

    private static Throwable rootOf(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }
}
