package io.instabilityguard.sidecar.spectrum;

/** What changed in a weight matrix since it was last seen. */
public final class WeightUpdate {
    private WeightUpdate() {}

    /**
     * Update-to-weight ratio ‖W − W₀‖F / ‖W₀‖F; {@code update} receives W − W₀.
     *
     * @return 0 for equal matrices, NaN when either is not finite, infinite when only W₀ is zero
     */
    public static double ratio(MatrixBackend backend, FloatMatrix w, FloatMatrix before, FloatMatrix update) {
        backend.scale(1, w, update);
        backend.add(-1, before, update);
        double change = Math.sqrt(backend.dot(update, update));
        return change == 0 ? 0 : change / Math.sqrt(backend.dot(before, before));
    }
}
