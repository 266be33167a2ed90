package io.instabilityguard.sidecar.spectrum;

/**
 * Polar Express.
 *
 * @param steps number of iterations, 1 to 50; few steps give a "soft" factor, 8 and more an all but exact one
 */
public record PolarExpressPolarFactor(int steps) implements PolarFactor {

    /** Throws {@link IllegalArgumentException} for steps outside 1 to 50. */
    public PolarExpressPolarFactor {
        if (steps < 1 || steps > 50) {
            throw new IllegalArgumentException("polar express with " + steps + " steps: give 1 to 50");
        }
    }

    @Override
    public boolean compute(Workspace workspace, FloatMatrix a, FloatMatrix factor) {
        throw new UnsupportedOperationException();
    }
}
