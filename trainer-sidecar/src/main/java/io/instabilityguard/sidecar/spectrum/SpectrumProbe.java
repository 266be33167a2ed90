package io.instabilityguard.sidecar.spectrum;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
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
 * percent. At most {@value #MAX_PASSES} passes per run, two runs per measurement. Not thread-safe; nothing is
 * allocated in the backend once every shape was seen in its largest number.
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
    private static final ProbeSlot[] NONE = {};

    private final MatrixBackend backend;
    private final double tolerance;
    private final Workspace workspace;
    private final List<GramLanczos> iterations = new ArrayList<>();
    private final @Nullable ProbeSlot[] slots;

    /** A probe for slots 0 … {@code slots} − 1, all cold. */
    public SpectrumProbe(MatrixBackend backend, int slots) {
        this(backend, slots, GramLanczos.TOLERANCE);
    }

    /** As {@link #SpectrumProbe(MatrixBackend, int)}, iterating to a relative residual of {@code tolerance}, above 0. */
    public SpectrumProbe(MatrixBackend backend, int slots, double tolerance) {
        this.backend = backend;
        this.tolerance = tolerance;
        this.workspace = new Workspace(backend);
        this.slots = new @Nullable ProbeSlot[slots];
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
        ProbeSlot begun = begun(slot, a, RESIDENT);
        estimate(begun);
        return completed(begun);
    }

    /**
     * As {@link #measure} of each of these matrices of one shape in its slot, no slot twice, by as many calls of the backend as the slowest
     * of them needs alone. A matrix that is not finite, or out of range, costs calls of its own and leaves the others as they are.
     */
    public List<MatrixSpectrum> measureEach(List<Integer> numbers, List<FloatMatrix> equals) {
        HostBackend.requireEqual(numbers.size(), equals.size(), "slots and matrices");
        HostBackend.requireOneShape(equals.toArray(FloatMatrix[]::new));
        if (!equals.isEmpty() && equals.get(0).isEmpty()) {
            numbers.forEach(this::forget);
            return Collections.nCopies(equals.size(), MatrixSpectrum.ZERO);
        }
        ProbeSlot[] batch = new ProbeSlot[equals.size()];
        for (int i = 0; i < batch.length; i++) {
            batch[i] = begun(numbers.get(i), equals.get(i), RESIDENT + i);
        }
        estimate(batch);
        return Arrays.stream(batch).map(this::completed).toList();
    }

    private ProbeSlot begun(int number, FloatMatrix a, int copy) {
        ProbeSlot slot = slotFor(number, a);
        slot.begin(backend.resident(a, workspace, copy), 1);
        return slot;
    }

    private MatrixSpectrum completed(ProbeSlot slot) {
        return slot.measurable() ? slot.end() : measureScaled(slot);
    }

    /** How many matrices of this shape {@link #measureEach} should get at once; {@code copied}: they do not stay where they are. */
    public int batchSize(int rows, int columns, boolean copied) {
        long vectors = GramRun.elements(rows, columns, MAX_PASSES);
        return backend.batchSize(Float.BYTES * (vectors + (copied ? (long) rows * columns : 0)));
    }

    /**
     * |vᵀu| of the top right singular vector v of {@code slot} and the top left singular vector u of {@code feedingSlot} (MSign, Def.
     * 3.2, on weights), from their last measurements; NaN when their lengths differ, or either is unmeasured, empty, zero or not finite.
     */
    public double alignment(int slot, int feedingSlot) {
        return alignmentEach(List.of(slot), List.of(feedingSlot))[0];
    }

    /** {@link #alignment} of each slot with the feeding slot beside it; one call of the backend for all vectors of one length. */
    public double[] alignmentEach(List<Integer> fedSlots, List<Integer> feedingSlots) {
        double[] alignments = new double[fedSlots.size()];
        Arrays.fill(alignments, Double.NaN);
        Map<Integer, List<Pair>> pairsByLength = new TreeMap<>();
        for (int i = 0; i < alignments.length; i++) {
            ProbeSlot fed = slots[fedSlots.get(i)];
            ProbeSlot feeding = slots[feedingSlots.get(i)];
            if (fed != null && feeding != null && fed.warm() && feeding.warm()) {
                pairsByLength
                        .computeIfAbsent(fed.right().rows(), length -> new ArrayList<>())
                        .add(new Pair(i, fed.right(), feeding.left()));
            }
        }
        pairsByLength.forEach((length, pairs) -> align(length, pairs, alignments));
        return alignments;
    }

    private record Pair(int number, FloatMatrix right, FloatMatrix left) {}

    private void align(int length, List<Pair> pairs, double[] alignments) {
        pairs.removeIf(pair -> pair.left().rows() != length);
        double[] products = new double[pairs.size()];
        backend.dotEach(
                pairs.stream().map(Pair::right).toArray(FloatMatrix[]::new),
                pairs.stream().map(Pair::left).toArray(FloatMatrix[]::new),
                products);
        for (int i = 0; i < products.length; i++) {
            alignments[pairs.get(i).number()] = Math.min(1, Math.abs(products[i]));
        }
    }

    /**
     * Majority-sign share of xᵀv over the rows x of {@code inputs} (tokens × columns of W) and the top right singular vector v of the slot's
     * last measurement (Spectral Alignment, arXiv 2510.04202): 0.5 when signs are diverse, 1 when every token lies on one side.
     * Rows whose product is zero or NaN do not count; NaN when none counts, the slot is unmeasured, or the lengths differ.
     */
    public double majoritySignShare(int slot, FloatMatrix inputs) {
        ProbeSlot kept = slots[slot];
        if (kept == null || !kept.warm() || kept.right().rows() != inputs.columns()) {
            return Double.NaN;
        }
        FloatMatrix projections = workspace.matrix(PROJECTIONS, inputs.rows(), 1);
        backend.multiply(1, inputs, kept.right(), 0, projections);
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
        ProbeSlot kept = slots[slot];
        if (kept != null) {
            kept.forget();
        }
    }

    private MatrixSpectrum measureScaled(ProbeSlot slot) {
        FloatMatrix a = slot.matrix();
        double magnitude = backend.largestMagnitude(a);
        if (magnitude > 0 && magnitude < Double.POSITIVE_INFINITY) {
            double unit = Math.scalb(1.0, Math.getExponent(magnitude));
            FloatMatrix scaled = workspace.matrix(SCALED_COPY, a.rows(), a.columns());
            backend.scale(1 / unit, a, scaled);
            slot.begin(scaled, unit);
            estimate(slot);
            if (slot.measurable()) {
                return slot.end();
            }
        }
        slot.forget();
        return magnitude == 0 ? MatrixSpectrum.ZERO : MatrixSpectrum.NON_FINITE;
    }

    /** A run from the kept vectors of those that have one, then one from random vectors for those that need it. */
    private void estimate(ProbeSlot... batch) {
        if (batch.length == 0) {
            return;
        }
        GramLanczos iteration = iterationFor(batch[0].matrix(), batch.length);
        ProbeSlot[] warm = where(batch, ProbeSlot::warm);
        FloatMatrix[] starts = new FloatMatrix[warm.length];
        for (int i = 0; i < starts.length; i++) {
            starts[i] = warm[i].right();
        }
        run(iteration, warm, starts, WARM_PASSES, false);
        ProbeSlot[] challenged = where(batch, ProbeSlot::challenged);
        starts = new FloatMatrix[challenged.length];
        for (int i = 0; i < starts.length; i++) {
            starts[i] = iteration.outcome(i).direction(0);
            backend.write(challenged[i].randomVector(), starts[i]);
        }
        run(iteration, challenged, starts, MAX_PASSES, true);
    }

    private void run(GramLanczos iteration, ProbeSlot[] running, FloatMatrix[] starts, int limit, boolean challenge) {
        if (running.length == 0) {
            return;
        }
        FloatMatrix[] matrices = new FloatMatrix[running.length];
        for (int i = 0; i < matrices.length; i++) {
            matrices[i] = running[i].matrix();
        }
        iteration.run(matrices, starts, limit);
        for (int i = 0; i < running.length; i++) {
            running[i].take(iteration.outcome(i), challenge, tolerance);
        }
        keep(where(running, ProbeSlot::wins));
    }

    /** Unit vectors; one of length zero stays zero. */
    private void keep(ProbeSlot[] winners) {
        int count = winners.length;
        FloatMatrix[] from = new FloatMatrix[count];
        FloatMatrix[] to = new FloatMatrix[count];
        double[] factors = new double[count];
        for (int i = 0; i < count; i++) {
            from[i] = winners[i].found().right();
            to[i] = winners[i].right();
            factors[i] = inverse(winners[i].found().rightNorm());
        }
        backend.scaleEach(factors, from, to);
        for (int i = 0; i < count; i++) {
            from[i] = winners[i].found().left();
            to[i] = winners[i].left();
            factors[i] = inverse(winners[i].found().spectralNorm());
        }
        backend.scaleEach(factors, from, to);
    }

    private static double inverse(double length) {
        return length > 0 ? 1 / length : 1;
    }

    private static ProbeSlot[] where(ProbeSlot[] batch, Predicate<ProbeSlot> claim) {
        int kept = 0;
        for (ProbeSlot slot : batch) {
            kept += claim.test(slot) ? 1 : 0;
        }
        if (kept == batch.length) {
            return batch;
        }
        return kept == 0 ? NONE : Arrays.stream(batch).filter(claim).toArray(ProbeSlot[]::new);
    }

    private ProbeSlot slotFor(int number, FloatMatrix a) {
        ProbeSlot slot = slots[number];
        if (slot == null || !slot.fits(a)) {
            slot = new ProbeSlot(backend, a, number);
            slots[number] = slot;
        }
        return slot;
    }

    private GramLanczos iterationFor(FloatMatrix a, int count) {
        for (GramLanczos iteration : iterations) {
            if (iteration.fits(a) && iteration.most() >= count) {
                return iteration;
            }
        }
        iterations.removeIf(iteration -> iteration.fits(a));
        GramLanczos iteration = new GramLanczos(backend, a, count, MAX_PASSES, tolerance);
        iterations.add(iteration);
        return iteration;
    }
}
