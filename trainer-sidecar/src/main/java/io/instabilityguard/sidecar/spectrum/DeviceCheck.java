package io.instabilityguard.sidecar.spectrum;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/** Whether a backend computes what another one does: asked once of a device before anything relies on it. */
public final class DeviceCheck {
    private static final long SEED = 20261122;
    private static final double TOLERANCE = 1e-3;
    private static final PolarFactor FACTOR = new PolarExpressPolarFactor(6);

    private DeviceCheck() {}

    /** Empty when spectra and polar factors of a wide and a tall matrix agree to 10⁻³, else which do not. */
    public static Optional<String> disagreement(MatrixBackend checked, MatrixBackend reference) {
        for (int[] shape : new int[][] {{24, 40}, {40, 24}}) {
            FloatMatrix a = gaussian(shape[0], shape[1], SEED);
            FloatMatrix b = gaussian(shape[0], shape[1], SEED + 1);
            String which = shape[0] + " x " + shape[1] + " matrix";
            if (!agree(spectra(checked, List.of(a)), spectra(reference, List.of(a)))) {
                return Optional.of("the spectral norm of a " + which + " came out wrong");
            }
            if (!agree(spectra(checked, List.of(a, b)), spectra(reference, List.of(a, b)))) {
                return Optional.of("the spectral norms of two " + shape[0] + " x " + shape[1] + " matrices"
                        + " at once came out wrong");
            }
            if (!agree(factor(checked, a), factor(reference, a))) {
                return Optional.of("the polar factor of a " + which + " came out wrong");
            }
        }
        return Optional.empty();
    }

    private static FloatMatrix gaussian(int rows, int columns, long seed) {
        Random random = new Random(seed);
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FloatMatrix.of(rows, columns, values);
    }

    /** Both norms of each, each by itself: one is the size of the other's error. */
    private static float[] spectra(MatrixBackend backend, List<FloatMatrix> equals) {
        List<Integer> slots = IntStream.range(0, equals.size()).boxed().toList();
        List<MatrixSpectrum> spectra = new SpectrumProbe(backend, equals.size()).measureEach(slots, equals);
        float[] norms = new float[2 * equals.size()];
        for (int slot : slots) {
            MatrixSpectrum spectrum = spectra.get(slot);
            norms[2 * slot] = (float) (spectrum.spectralNorm() / spectrum.frobeniusNorm());
            norms[2 * slot + 1] = (float)
                    (spectrum.frobeniusNorm() / Math.sqrt(equals.get(slot).size()));
        }
        return norms;
    }

    private static float[] factor(MatrixBackend backend, FloatMatrix a) {
        FloatMatrix factor = backend.allocate(a.rows(), a.columns());
        boolean converged = FACTOR.compute(new Workspace(backend), a, factor);
        return converged ? backend.read(factor) : new float[0];
    }

    private static boolean agree(float[] found, float[] expected) {
        for (int i = 0; i < Math.min(found.length, expected.length); i++) {
            if (!(Math.abs(found[i] - expected[i]) <= TOLERANCE)) {
                return false;
            }
        }
        return found.length == expected.length && !Arrays.equals(found, new float[found.length]);
    }
}
