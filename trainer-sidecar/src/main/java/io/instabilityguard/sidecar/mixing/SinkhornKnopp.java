package io.instabilityguard.sidecar.mixing;

/** Sinkhorn–Knopp scaling to doubly stochastic form, in the log domain. */
public final class SinkhornKnopp {
    private SinkhornKnopp() {}

    /** Projects the {@code n} × {@code n} row-major {@code matrix}, which is not changed; NaN and infinities are refused as a value. */
    public static SinkhornResult project(int n, double[] matrix, SinkhornSettings settings) {
        return new SinkhornResult(matrix.clone(), 0, Double.NaN, Double.NaN, "not implemented yet");
    }
}
