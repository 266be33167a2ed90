package io.instabilityguard.sidecar.koopman;

import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * One block's snapshots, read a few hundred tokens at a time, in double and centred: the entering stream X and the block's own contribution
 * F = Y − X. Working with F instead of Y loses no digits where a block does little. Reuses its memory.
 */
final class CentredSnapshots {
    /** Tokens per chunk: few enough for the cache, many enough that a call to the native library is worth its copies. */
    static final int CHUNK = 256;

    private BlockSnapshots block;
    private double[] entering = new double[0];
    private double[] contribution = new double[0];
    private double[] enteringMean = new double[0];
    private double[] contributionMean = new double[0];
    private double largestMeanSquare;
    private int stride;
    private int first;
    private int count;

    CentredSnapshots() {
        FloatMatrix none = FloatMatrix.zeros(0, 0);
        block = new BlockSnapshots(none, none);
    }

    /** Takes up {@code block} and finds its means; false when a value is not finite. */
    boolean open(BlockSnapshots opened) {
        block = opened;
        int width = width();
        if (enteringMean.length != width) {
            enteringMean = new double[width];
            contributionMean = new double[width];
            entering = new double[CHUNK * width];
            contribution = new double[CHUNK * width];
        }
        findMeans();
        rewind(1);
        return Double.isFinite(largestMeanSquare)
                && Double.isFinite(Arrays.stream(contributionMean).sum());
    }

    private void findMeans() {
        int width = width();
        Arrays.fill(enteringMean, 0);
        Arrays.fill(contributionMean, 0);
        double[] squares = new double[width];
        FloatBuffer x = block.entering().values();
        FloatBuffer y = block.leaving().values();
        for (int at = 0, end = tokens() * width; at < end; ) {
            for (int j = 0; j < width; j++, at++) {
                double before = x.get(at);
                enteringMean[j] += before;
                contributionMean[j] += y.get(at) - before;
                squares[j] += before * before;
            }
        }
        largestMeanSquare = 0;
        for (int j = 0; j < width; j++) {
            enteringMean[j] /= tokens();
            contributionMean[j] /= tokens();
            largestMeanSquare = Math.max(largestMeanSquare, squares[j] / tokens());
        }
    }

    /** Goes back before the first chunk, to read every {@code everyToken}-th token from now on. */
    void rewind(int everyToken) {
        stride = everyToken;
        first = 0;
        count = 0;
    }

    /** Reads the next chunk of both; false when there is none left. */
    boolean next() {
        if (!nextEntering()) {
            return false;
        }
        int width = width();
        FloatBuffer x = block.entering().values();
        FloatBuffer y = block.leaving().values();
        for (int i = 0, at = 0; i < count; i++) {
            int row = (first + i * stride) * width;
            for (int j = 0; j < width; j++, at++) {
                contribution[at] = (double) y.get(row + j) - x.get(row + j) - contributionMean[j];
            }
        }
        return true;
    }

    /** Reads the next chunk of X alone; false when there is none left. */
    boolean nextEntering() {
        first += count * stride;
        count = Math.max(0, Math.min(CHUNK, (tokens() - first + stride - 1) / stride));
        int width = width();
        FloatBuffer x = block.entering().values();
        for (int i = 0, at = 0; i < count; i++) {
            int row = (first + i * stride) * width;
            for (int j = 0; j < width; j++, at++) {
                entering[at] = x.get(row + j) - enteringMean[j];
            }
        }
        return count > 0;
    }

    /** Tokens in this chunk. */
    int count() {
        return count;
    }

    /** This chunk of X, count × width. */
    double[] entering() {
        return entering;
    }

    /** This chunk of F = Y − X, count × width. */
    double[] contribution() {
        return contribution;
    }

    /** Largest mean square of a coordinate of X, its mean included: what float32 rounding is relative to. */
    double largestMeanSquare() {
        return largestMeanSquare;
    }

    int tokens() {
        return block.tokens();
    }

    int width() {
        return block.width();
    }
}
