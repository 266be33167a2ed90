package io.instabilityguard.sidecar.koopman;

import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import io.instabilityguard.sidecar.spectrum.Workspace;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Jacobians of consecutive blocks, estimated from their residual snapshots: J = I + B, with B the least-squares map from the entering stream X
 * to the block's own contribution F = Y − X, B = Cfx (Cxx + ρI)⁻¹. The ridge draws B, not J, to zero: in directions
 * the data do not show, a residual block is taken for the identity. It is the least-squares remainder's total variance per token, ρ = tr(R) / N:
 * the best choice against the noise of the estimate when ‖B‖F is about √width, and nothing where the block is linear. Of a wide
 * stream B sees the leading principal components only ({@link KoopmanSettings#rank}).
 *
 * <p>From the Jacobians: pairwise alignment (MSign, arXiv 2602.01734, Def. 3.2), and what Theorem 4.2's recursion really
 * needs, the alignment with the product of all blocks before, next to the logarithm of that product's norm. Pairwise alignment
 * alone says little where blocks are near the identity: two alignments of 0.7 can go with a product of almost zero.
 *
 * <p>This is the average linear response over tokens, not the derivative at one token; attention's coupling of tokens is not in it.
 * Not thread-safe; reuses its work memory. Keeps the singular vectors of the last measurement as the start of the next.
 */
public final class JacobianProbe {
    private static final double TOLERANCE = 1e-3;
    private static final int JACOBIAN = 0;
    private static final int PRODUCT = 1;
    private static final int NEXT_PRODUCT = 2;

    private final MatrixBackend backend;
    private final int capacity;
    private final SpectrumProbe probe;
    private final Workspace workspace;
    private final @Nullable Lapack lapack;
    private final @Nullable SnapshotMoments moments;
    private double[] slopes = new double[0];
    private double[] contribution = new double[0];
    private double[] wide = new double[0];
    private float[] elements = new float[0];

    /** A probe for at most {@code blocks} consecutive blocks, 1 or more. */
    public JacobianProbe(MatrixBackend backend, KoopmanSettings settings, int blocks) {
        this.backend = backend;
        capacity = blocks;
        probe = new SpectrumProbe(backend, 2 * blocks, TOLERANCE);
        workspace = new Workspace(backend);
        lapack = Lapack.loaded();
        moments = lapack == null ? null : new SnapshotMoments(lapack, settings);
    }

    /**
     * Measures the blocks, first to last; never throws on their values: the first bad block makes the whole measurement abstain, because
     * the product needs all.
     *
     * @throws IllegalArgumentException for more blocks than the probe was made for, or blocks of different widths
     */
    public JacobianAlignment measure(List<BlockSnapshots> blocks) {
        requireFitting(blocks);
        if (moments == null || lapack == null) {
            return new JacobianAlignment(List.of(), Lapack.MISSING);
        }
        List<BlockJacobian> found = new ArrayList<>(blocks.size());
        double logNorm = 0;
        for (int l = 0; l < blocks.size(); l++) {
            String reason = moments.measure(blocks.get(l));
            if (!reason.isEmpty()) {
                return new JacobianAlignment(List.of(), "block " + l + " of those given: " + reason);
            }
            FloatMatrix jacobian = estimate(moments, lapack);
            double spectralNorm = probe.measure(l, jacobian).spectralNorm();
            double productAlignment = l == 0 ? Double.NaN : probe.alignment(l, capacity + l - 1);
            logNorm += Math.log(extendProduct(l, jacobian));
            double alignment = l == 0 ? Double.NaN : probe.alignment(l, l - 1);
            found.add(new BlockJacobian(spectralNorm, alignment, productAlignment, logNorm));
        }
        return new JacobianAlignment(found, "");
    }

    private void requireFitting(List<BlockSnapshots> blocks) {
        long widths = blocks.stream().mapToInt(BlockSnapshots::width).distinct().count();
        if (blocks.size() > capacity || widths > 1) {
            throw new IllegalArgumentException("jacobians of " + blocks.size() + " blocks with " + widths
                    + " different widths: give at most " + capacity + " of one width");
        }
    }

    /** I + Cfx U (Λ + ρ)⁻¹ Uᵀ Q, with Q the principal directions of a truncated stream. */
    private FloatMatrix estimate(SnapshotMoments from, Lapack library) {
        int size = from.size();
        int width = from.width();
        grow(size, width);
        library.multiplyByTransposed(width, size, size, from.cross(), from.components(), slopes);
        divideByVariances(from);
        library.multiply(width, size, size, slopes, from.components(), 0, contribution);
        double[] map = contribution;
        if (from.truncated()) {
            library.multiply(width, size, width, contribution, from.basis(), 0, wide);
            map = wide;
        }
        for (int i = 0; i < width * width; i++) {
            elements[i] = (float) map[i];
        }
        for (int i = 0; i < width; i++) {
            elements[i * width + i] += 1;
        }
        FloatMatrix jacobian = workspace.matrix(JACOBIAN, width, width);
        backend.write(elements, jacobian);
        return jacobian;
    }

    private void grow(int size, int width) {
        if (elements.length != width * width || slopes.length != width * size) {
            slopes = new double[width * size];
            contribution = new double[width * size];
            wide = new double[size < width ? width * width : 0];
            elements = new float[width * width];
        }
    }

    /** Column i of {@code slopes}, Cfx uᵢ, becomes Cfx uᵢ / (λᵢ + ρ), or 0 where X does not vary. */
    private void divideByVariances(SnapshotMoments from) {
        int size = from.size();
        int still = size - from.rank();
        double unexplained = from.contributionVariance();
        for (int at = 0; at < slopes.length; at++) {
            int i = at % size;
            unexplained -= i < still ? 0 : slopes[at] * slopes[at] / from.variances()[i];
        }
        double ridge = Math.max(0, unexplained) / from.tokens();
        for (int at = 0; at < slopes.length; at++) {
            int i = at % size;
            slopes[at] = i < still ? 0 : slopes[at] / (from.variances()[i] + ridge);
        }
    }

    /** Multiplies the product so far, of norm 1, by block l's Jacobian; returns the norm by which it grew and is divided. */
    private double extendProduct(int l, FloatMatrix jacobian) {
        int width = jacobian.rows();
        FloatMatrix product = workspace.matrix(PRODUCT, width, width);
        if (l == 0) {
            backend.scale(1, jacobian, product);
        } else {
            FloatMatrix next = workspace.matrix(NEXT_PRODUCT, width, width);
            backend.multiply(1, jacobian, product, 0, next);
            backend.scale(1, next, product);
        }
        double norm = probe.measure(capacity + l, product).spectralNorm();
        backend.scale(1 / norm, product, product);
        return norm;
    }
}
