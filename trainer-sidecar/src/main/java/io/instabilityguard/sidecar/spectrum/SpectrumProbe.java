package io.instabilityguard.sidecar.spectrum;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Measures the spectra of tracked matrices, each in its slot, and keeps each slot's top singular vectors as the next measurement's start:
 * <ol>
 *   <li>from the kept vector, Lanczos passes over A ({@link GramLanczos}) until the relative residual is at most {@value GramLanczos#TOLERANCE};
 *   <li>a challenge from a random vector when the slot is cold, the matrix jumped (its norm moved by more than {@value #JUMP} of
 *       itself), the iteration stalled, or {@value #CHALLENGE_EVERY} measurements went by without one; the larger σ wins, so
 *       a vector that is stuck on a smaller singular value does not stay;
 *   <li>a matrix whose squares leave the comfortable range of float32 is measured on a copy scaled by a power of two; one with a NaN
 *       or an infinity is reported as not finite and its slot forgotten.
 * </ol>
 *
 * <p>σ is a lower bound, so the stable rank is an upper bound. With a gap (small stable rank) the relative error of σ is about
 * residual² / (2 · gap), below 10⁻⁴ at a relative gap of σ² of one half; on a flat spectrum (a Gaussian matrix) expect up to about one
 * percent. At most {@value #MAX_PASSES} passes per run, two runs per measurement. Not thread-safe; no
 * allocation once every shape was seen, but for the answer itself.
 */
public final class SpectrumProbe {
    static final double JUMP = 0.2;
    static final int CHALLENGE_EVERY = 64;
    static final int MAX_PASSES = 24;
    private static final int WARM_PASSES = 8;
    private static final int SCALED_COPY = 0;
    private static final int RANDOM_VECTOR = 1;
    private static final int PROJECTIONS = 2;
    private static final int RESIDENT = 3;

    private final MatrixBackend backend;
    private final double tolerance;
    private final Workspace workspace;
    private final List<GramLanczos> iterations = new ArrayList<>();
    private final @Nullable Slot[] slots;

    /** What is kept of one matrix between measurements. */
    private static final class Slot {
        final Random random;
        final FloatMatrix right;
        final FloatMatrix left;
        final float[] seed;
        boolean warm;
        int sinceChallenge;
        double frobeniusNorm;
        double spectralNorm;
        double residual;

        Slot(MatrixBackend backend, FloatMatrix a, int number) {
            random = new Random(number);
            right = backend.allocate(a.columns(), 1);
            left = backend.allocate(a.rows(), 1);
            seed = new float[a.columns()];
        }

        boolean fits(FloatMatrix a) {
            return right.rows() == a.columns() && left.rows() == a.rows();
        }
    }

    /** A probe for slots 0 … {@code slots} − 1, all cold. */
    public SpectrumProbe(MatrixBackend backend, int slots) {
        this(backend, slots, GramLanczos.TOLERANCE);
    }

    /** As {@link #SpectrumProbe(MatrixBackend, int)}, iterating to a relative residual of {@code tolerance}, above 0. */
    public SpectrumProbe(MatrixBackend backend, int slots, double tolerance) {
        this.backend = backend;
        this.tolerance = tolerance;
        this.workspace = new Workspace(backend);
        this.slots = new @Nullable Slot[slots];
    }

    /**
     * Measures {@code a}, which is not changed. The first measurement of a slot, one after {@link #forget} and one of another shape
     * start cold. An empty or zero matrix has norms 0.
     */
    public MatrixSpectrum measure(int slot, FloatMatrix a) {
        if (a.isEmpty()) {
            forget(slot);
            return MatrixSpectrum.ZERO;
        }
        Slot kept = slotFor(slot, a);
        FloatMatrix here = backend.resident(a, workspace, RESIDENT);
        MatrixSpectrum spectrum = estimate(kept, iterationFor(here), here, 1);
        return spectrum != null ? spectrum : measureScaled(slot, kept, here);
    }

    /**
     * |vᵀu| of the top right singular vector v of {@code slot} and the top left singular vector u of {@code feedingSlot} (MSign, Def.
     * 3.2, on weights), from their last measurements; NaN when their lengths differ, or either is unmeasured, empty, zero or not finite.
     */
    public double alignment(int slot, int feedingSlot) {
        Slot fed = slots[slot];
        Slot feeding = slots[feedingSlot];
        if (fed == null || feeding == null || !fed.warm || !feeding.warm || fed.right.rows() != feeding.left.rows()) {
            return Double.NaN;
        }
        return Math.min(1, Math.abs(backend.dot(fed.right, feeding.left)));
    }

    /**
     * Majority-sign share of xᵀv over the rows x of {@code inputs} (tokens × columns of W) and the top right singular vector v of the slot's
     * last measurement (Spectral Alignment, arXiv 2510.04202): 0.5 when signs are diverse, 1 when every token lies on one side.
     * Rows whose product is zero or NaN do not count; NaN when none counts, the slot is unmeasured, or the lengths differ.
     */
    public double majoritySignShare(int slot, FloatMatrix inputs) {
        Slot kept = slots[slot];
        if (kept == null || !kept.warm || kept.right.rows() != inputs.columns()) {
            return Double.NaN;
        }
        FloatMatrix projections = workspace.matrix(PROJECTIONS, inputs.rows(), 1);
        backend.multiply(1, inputs, kept.right, 0, projections);
        int positive = 0;
        int negative = 0;
        for (float projection : backend.read(projections)) {
            positive += projection > 0 ? 1 : 0;
            negative += projection < 0 ? 1 : 0;
        }
        return positive + negative == 0 ? Double.NaN : (double) Math.max(positive, negative) / (positive + negative);
    }

    /** Forgets the slot's singular vectors: its next measurement starts cold. */
    public void forget(int slot) {
        Slot kept = slots[slot];
        if (kept != null) {
            kept.warm = false;
        }
    }

    private MatrixSpectrum measureScaled(int number, Slot slot, FloatMatrix a) {
        double magnitude = backend.largestMagnitude(a);
        if (magnitude > 0 && magnitude < Double.POSITIVE_INFINITY) {
            double unit = Math.scalb(1.0, Math.getExponent(magnitude));
            FloatMatrix scaled = workspace.matrix(SCALED_COPY, a.rows(), a.columns());
            backend.scale(1 / unit, a, scaled);
            MatrixSpectrum spectrum = estimate(slot, iterationFor(a), scaled, unit);
            if (spectrum != null) {
                return spectrum;
            }
        }
        forget(number);
        return magnitude == 0 ? MatrixSpectrum.ZERO : MatrixSpectrum.NON_FINITE;
    }

    /** The spectrum of unit · A; null when the squares of A leave the comfortable range. */
    private @Nullable MatrixSpectrum estimate(Slot slot, GramLanczos iteration, FloatMatrix a, double unit) {
        boolean challenge = !slot.warm || slot.sinceChallenge >= CHALLENGE_EVERY;
        int passes = 0;
        if (slot.warm) {
            double expectedFrobenius = slot.frobeniusNorm;
            double expectedSpectral = slot.spectralNorm;
            if (!iteration.run(a, slot.right, WARM_PASSES)) {
                return null;
            }
            keep(slot, iteration, unit);
            passes = iteration.passes();
            challenge |= slot.residual > tolerance
                    || jumped(expectedFrobenius, slot.frobeniusNorm)
                    || jumped(expectedSpectral, slot.spectralNorm);
        }
        if (challenge) {
            if (!iteration.run(a, randomVector(slot), MAX_PASSES)) {
                return null;
            }
            if (!slot.warm || iteration.spectralNorm() * unit > slot.spectralNorm) {
                keep(slot, iteration, unit);
            }
            passes += iteration.passes();
        }
        slot.warm = true;
        slot.sinceChallenge = challenge ? 0 : slot.sinceChallenge + 1;
        return spectrumOf(slot, a, passes);
    }

    private void keep(Slot slot, GramLanczos iteration, double unit) {
        backend.scale(1, iteration.right(), slot.right);
        backend.scale(1, iteration.left(), slot.left);
        slot.frobeniusNorm = Math.sqrt(iteration.sumOfSquares()) * unit;
        slot.spectralNorm = iteration.spectralNorm() * unit;
        slot.residual = iteration.residual();
    }

    private static boolean jumped(double expected, double found) {
        return Math.abs(found - expected) > JUMP * expected;
    }

    private FloatMatrix randomVector(Slot slot) {
        for (int i = 0; i < slot.seed.length; i++) {
            slot.seed[i] = (float) slot.random.nextGaussian();
        }
        FloatMatrix vector = workspace.matrix(RANDOM_VECTOR, slot.seed.length, 1);
        backend.write(slot.seed, vector);
        return vector;
    }

    private static MatrixSpectrum spectrumOf(Slot slot, FloatMatrix a, int passes) {
        double ratio = slot.frobeniusNorm / slot.spectralNorm;
        double stableRank = Math.max(1, Math.min(a.smallSide(), ratio * ratio));
        return new MatrixSpectrum(true, slot.frobeniusNorm, slot.spectralNorm, slot.residual, stableRank, passes);
    }

    private Slot slotFor(int number, FloatMatrix a) {
        Slot slot = slots[number];
        if (slot == null || !slot.fits(a)) {
            slot = new Slot(backend, a, number);
            slots[number] = slot;
        }
        return slot;
    }

    private GramLanczos iterationFor(FloatMatrix a) {
        for (GramLanczos iteration : iterations) {
            if (iteration.fits(a)) {
                return iteration;
            }
        }
        GramLanczos iteration = new GramLanczos(backend, a.rows(), a.columns(), MAX_PASSES, tolerance);
        iterations.add(iteration);
        return iteration;
    }
}
