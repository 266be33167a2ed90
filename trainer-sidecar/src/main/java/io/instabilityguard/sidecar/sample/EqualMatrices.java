package io.instabilityguard.sidecar.sample;

import io.instabilityguard.sidecar.frame.Hello;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/** Tracked matrices in batches of one shape and type, to be measured together: heads, experts, the layers of one width. */
final class EqualMatrices {
    private EqualMatrices() {}

    private record Kind(int rows, int columns, String dtype) {
        static Kind of(Hello.Matrix matrix) {
            return new Kind(matrix.rows(), matrix.columns(), matrix.dtype());
        }
    }

    /** Indexes of all matrices; {@code most} says how many like this one may come together, 1 or more. */
    static List<List<Integer>> batches(List<Hello.Matrix> matrices, ToIntFunction<Hello.Matrix> most) {
        Map<Kind, List<Hello.Matrix>> groups = new LinkedHashMap<>();
        for (Hello.Matrix matrix : matrices) {
            groups.computeIfAbsent(Kind.of(matrix), kind -> new ArrayList<>()).add(matrix);
        }
        List<List<Integer>> batches = new ArrayList<>();
        for (List<Hello.Matrix> group : groups.values()) {
            int size = most.applyAsInt(group.get(0));
            for (int first = 0; first < group.size(); first += size) {
                List<Hello.Matrix> batch = group.subList(first, Math.min(group.size(), first + size));
                batches.add(batch.stream().map(Hello.Matrix::index).toList());
            }
        }
        return batches;
    }
}
