package io.instabilityguard.sidecar.spectrum;

import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** What {@link SpectrumProbe} keeps of one matrix between measurements, and how far the present one has come. */
final class ProbeSlot {
    private final Random random;
    private final float[] seed;
    private final FloatMatrix right;
    private final FloatMatrix left;
    private boolean warm;
    private int sinceChallenge;
    private double frobeniusNorm;
    private double spectralNorm;
    private double residual;

    private FloatMatrix matrix;
    private double unit;
    private boolean measurable;
    private boolean challenged;
    private boolean wins;
    private int passes;
    private @Nullable GramRun found;

    ProbeSlot(MatrixBackend backend, FloatMatrix a, int number) {
        random = new Random(number);
        seed = new float[a.columns()];
        right = backend.allocate(a.columns(), 1);
        left = backend.allocate(a.rows(), 1);
        matrix = a;
    }

    boolean fits(FloatMatrix a) {
        return right.rows() == a.columns() && left.rows() == a.rows();
    }

    /** A measurement of newUnit · a begins. */
    void begin(FloatMatrix a, double newUnit) {
        matrix = a;
        unit = newUnit;
        measurable = true;
        challenged = !warm || sinceChallenge >= SpectrumProbe.CHALLENGE_EVERY;
        passes = 0;
    }

    /** What a run found: it {@link #wins} always from a warm start, after a challenge when its σ is larger. */
    void take(GramRun run, boolean challenge, double tolerance) {
        found = run;
        measurable = run.measurable();
        passes += run.passes();
        double newSpectralNorm = run.spectralNorm() * unit;
        wins = measurable && (!challenge || !warm || newSpectralNorm > spectralNorm);
        if (wins) {
            double newFrobeniusNorm = Math.sqrt(run.sumOfSquares()) * unit;
            challenged |= run.residual() > tolerance
                    || jumped(frobeniusNorm, newFrobeniusNorm)
                    || jumped(spectralNorm, newSpectralNorm);
            frobeniusNorm = newFrobeniusNorm;
            spectralNorm = newSpectralNorm;
            residual = run.residual();
        }
    }

    private static boolean jumped(double expected, double found) {
        return Math.abs(found - expected) > SpectrumProbe.JUMP * expected;
    }

    /** The measurement is complete; meaningful only while {@link #measurable()}. */
    MatrixSpectrum end() {
        warm = true;
        sinceChallenge = challenged ? 0 : sinceChallenge + 1;
        double ratio = frobeniusNorm / spectralNorm;
        double stableRank = Math.max(1, Math.min(matrix.smallSide(), ratio * ratio));
        return new MatrixSpectrum(true, frobeniusNorm, spectralNorm, residual, stableRank, passes);
    }

    /** The next of this slot's own random vectors; overwritten by the one after. */
    float[] randomVector() {
        for (int i = 0; i < seed.length; i++) {
            seed[i] = (float) random.nextGaussian();
        }
        return seed;
    }

    void forget() {
        warm = false;
    }

    /** True when the last measurement left singular vectors to start from. */
    boolean warm() {
        return warm;
    }

    /** True when the present measurement needs a run from a random vector. */
    boolean challenged() {
        return measurable && challenged;
    }

    /** True when the vectors of the run taken last are to be kept. */
    boolean wins() {
        return wins;
    }

    /** The run taken last. */
    GramRun found() {
        return Objects.requireNonNull(found, "no run has been taken");
    }

    /** False when the squares of the matrix as given leave the comfortable range of float32. */
    boolean measurable() {
        return measurable;
    }

    FloatMatrix matrix() {
        return matrix;
    }

    /** Unit top right singular vector, columns × 1. */
    FloatMatrix right() {
        return right;
    }

    /** Unit top left singular vector, rows × 1. */
    FloatMatrix left() {
        return left;
    }
}
