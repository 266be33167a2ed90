package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import io.instabilityguard.sidecar.spectrum.FloatMatrix;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import io.instabilityguard.sidecar.spectrum.QkIncrement;
import io.instabilityguard.sidecar.spectrum.QkIncrementRank;
import io.instabilityguard.sidecar.spectrum.WeightUpdate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What changed in the weights since the previous sample. Keeps the weights of that sample, 4 bytes per tracked parameter, and the
 * update of queries and keys, another 4, in host memory. Mixing matrices are left out. Not thread-safe.
 */
final class WeightIncrements {
    private final Hello hello;
    private final MatrixBackend backend;
    private final QkIncrement queryKey;
    private final FloatMatrix scratch;
    private final @Nullable FloatMatrix[] previous;
    private final @Nullable FloatMatrix[] updates;

    WeightIncrements(Hello hello, MatrixBackend backend) {
        this.hello = hello;
        this.backend = backend.onHost();
        this.queryKey = new QkIncrement(backend);
        this.scratch = this.backend.allocate(
                1,
                hello.matrices().stream()
                        .mapToInt(matrix -> matrix.slot().elements())
                        .max()
                        .orElse(0));
        this.previous = new @Nullable FloatMatrix[hello.matrices().size()];
        this.updates = new @Nullable FloatMatrix[hello.matrices().size()];
    }

    /** Forgets the previous sample. */
    void forget() {
        Arrays.fill(previous, null);
        Arrays.fill(updates, null);
    }

    /** The update-to-weight ratio of a matrix, whose weights are kept for the next sample; empty at the first one. */
    Optional<Statistic> updateRatio(int index, FloatMatrix matrix) {
        Hello.Matrix description = hello.matrices().get(index);
        if (description.role() == Hello.Role.RESIDUAL_MIXING) {
            return Optional.empty();
        }
        FloatMatrix before = previous[index];
        if (before == null) {
            previous[index] = copyOf(matrix);
            return Optional.empty();
        }
        double ratio = WeightUpdate.ratio(backend, matrix, before, update(index, matrix));
        backend.scale(1, matrix, before);
        return SidecarStatistic.UPDATE_RATIO.of(description.name(), description.depth(), ratio);
    }

    /**
     * One per attention layer whose query and key have been seen twice; call after all matrices of the sample. None at depths
     * with several queries or keys (cross attention, a weight beside its LoRA product): which belong together is not known.
     */
    List<Statistic> queryKeyRanks() {
        List<Statistic> ranks = new ArrayList<>();
        for (Hello.Matrix query : hello.matrices()) {
            if (query.role() == Hello.Role.QUERY
                    && only(Hello.Role.QUERY, query.depth()).isPresent()) {
                only(Hello.Role.KEY, query.depth())
                        .ifPresent(key -> rank(query, key).ifPresent(ranks::add));
            }
        }
        return ranks;
    }

    /** Index of the only matrix of this role and depth. */
    private OptionalInt only(Hello.Role role, int depth) {
        int[] found = hello.matrices().stream()
                .filter(matrix -> matrix.role() == role && matrix.depth() == depth)
                .mapToInt(Hello.Matrix::index)
                .toArray();
        return found.length == 1 ? OptionalInt.of(found[0]) : OptionalInt.empty();
    }

    private Optional<Statistic> rank(Hello.Matrix query, int key) {
        FloatMatrix q = previous[query.index()];
        FloatMatrix k = previous[key];
        FloatMatrix queryUpdate = updates[query.index()];
        FloatMatrix keyUpdate = updates[key];
        if (q == null || k == null || queryUpdate == null || keyUpdate == null) {
            return Optional.empty();
        }
        Optional<Map.Entry<String, Integer>> block = blockOf(query);
        int heads = block.map(Map.Entry::getValue).orElse(0);
        QkIncrementRank rank = queryKey.effectiveRank(q, k, queryUpdate, keyUpdate, heads);
        double[] values = heads > 0 ? rank.perHead() : new double[] {rank.whole()};
        return SidecarStatistic.QUERY_KEY_INCREMENT_RANK.of(
                block.map(Map.Entry::getKey).orElse(query.name()), query.depth(), values);
    }

    /** The innermost module with known heads that holds the matrix, with its number of heads. */
    private Optional<Map.Entry<String, Integer>> blockOf(Hello.Matrix matrix) {
        return hello.heads().entrySet().stream()
                .filter(entry -> matrix.name().startsWith(entry.getKey() + "."))
                .filter(entry -> matrix.rows() % entry.getValue() == 0)
                .max((a, b) -> Integer.compare(a.getKey().length(), b.getKey().length()));
    }

    /** Where the update goes: kept for a query or key, else in memory that the next matrix uses again. */
    private FloatMatrix update(int index, FloatMatrix matrix) {
        Hello.Role role = hello.matrices().get(index).role();
        if (role != Hello.Role.QUERY && role != Hello.Role.KEY) {
            return scratch.reshaped(matrix.rows(), matrix.columns());
        }
        FloatMatrix kept = updates[index];
        FloatMatrix update = kept != null ? kept : backend.allocate(matrix.rows(), matrix.columns());
        updates[index] = update;
        return update;
    }

    private FloatMatrix copyOf(FloatMatrix matrix) {
        FloatMatrix copy = backend.allocate(matrix.rows(), matrix.columns());
        backend.scale(1, matrix, copy);
        return copy;
    }
}
