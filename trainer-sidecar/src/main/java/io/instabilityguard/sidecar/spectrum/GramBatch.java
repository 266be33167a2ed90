package io.instabilityguard.sidecar.spectrum;

import java.util.Arrays;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Some runs of {@link GramLanczos} with their vectors in arrays, one for each part of a run: the operands of one call each. */
final class GramBatch {
    private final GramRun[] runs;
    private final int maxPasses;
    private final GramBatch none;
    private final FloatMatrix[][] directions;
    private final FloatMatrix[][] images;
    private final FloatMatrix[] remainders;
    private final FloatMatrix[] rights;
    private final FloatMatrix[] lefts;

    /** All runs there are; with vectors for so many passes each. */
    GramBatch(GramRun[] runs, int maxPasses) {
        this(runs, maxPasses, null);
    }

    private GramBatch(GramRun[] runs, int maxPasses, @Nullable GramBatch none) {
        this.runs = runs;
        this.maxPasses = maxPasses;
        this.none = none != null ? none : runs.length == 0 ? this : new GramBatch(new GramRun[0], maxPasses);
        directions = new FloatMatrix[maxPasses][];
        images = new FloatMatrix[maxPasses][];
        for (int i = 0; i < maxPasses; i++) {
            int pass = i;
            directions[i] = collect(run -> run.direction(pass));
            images[i] = collect(run -> run.image(pass));
        }
        remainders = collect(GramRun::remainder);
        rights = collect(GramRun::right);
        lefts = collect(GramRun::left);
    }

    private FloatMatrix[] collect(Function<GramRun, FloatMatrix> part) {
        FloatMatrix[] parts = new FloatMatrix[runs.length];
        for (int i = 0; i < runs.length; i++) {
            parts[i] = part.apply(runs[i]);
        }
        return parts;
    }

    /** Those of which the claim holds; this batch itself when it holds of all. */
    GramBatch where(Predicate<GramRun> claim) {
        int kept = 0;
        for (GramRun run : runs) {
            kept += claim.test(run) ? 1 : 0;
        }
        if (kept == runs.length) {
            return this;
        }
        return kept == 0 ? none : new GramBatch(filtered(claim), maxPasses, none);
    }

    private GramRun[] filtered(Predicate<GramRun> claim) {
        return Arrays.stream(runs).filter(claim).toArray(GramRun[]::new);
    }

    /** Of matrices numbered as the runs are, those of this batch. */
    FloatMatrix[] of(FloatMatrix[] matrices) {
        return matrices.length == runs.length ? matrices : collect(run -> matrices[run.number()]);
    }

    int size() {
        return runs.length;
    }

    boolean isEmpty() {
        return runs.length == 0;
    }

    GramRun run(int i) {
        return runs[i];
    }

    FloatMatrix[] directions(int pass) {
        return directions[pass];
    }

    FloatMatrix[] images(int pass) {
        return images[pass];
    }

    FloatMatrix[] remainders() {
        return remainders;
    }

    FloatMatrix[] rights() {
        return rights;
    }

    FloatMatrix[] lefts() {
        return lefts;
    }
}
