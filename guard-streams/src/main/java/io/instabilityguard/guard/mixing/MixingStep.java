package io.instabilityguard.guard.mixing;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;
import org.ejml.data.DMatrixRMaj;

/** The mixing layers of one step as they come in from the ranks. When ranks report the same layer, the lowest rank's word counts. */
final class MixingStep {

    private final long step;
    private final int total;
    private final int size;
    private final TreeMap<Integer, MixingLayer> layers = new TreeMap<>();
    private boolean refused;

    MixingStep(long step, int total, int size) {
        this.step = step;
        this.total = total;
        this.size = size;
    }

    long step() {
        return step;
    }

    /** Whether there are as many layers of the same size in the model for another rank, too. */
    boolean agrees(int otherTotal, int otherSize) {
        return total == otherTotal && size == otherSize;
    }

    /** Whether nothing can be said about this step any more. */
    boolean isRefused() {
        return refused;
    }

    void refuse() {
        refused = true;
        layers.clear();
    }

    void add(int order, MixingLayer layer) {
        layers.merge(order, layer, (known, other) -> other.processRank() <= known.processRank() ? other : known);
    }

    /** Whether every layer of the model is here. */
    boolean isComplete() {
        return layers.size() == total;
    }

    /** The layers in the order of the forward pass. */
    List<MixingLayer> inOrder() {
        return new ArrayList<>(layers.values());
    }

    void save(DoubleConsumer out) {
        out.accept(step);
        out.accept(total);
        out.accept(size);
        out.accept(refused ? 1 : 0);
        out.accept(layers.size());
        layers.forEach((order, layer) -> {
            out.accept(order);
            out.accept(layer.processRank());
            out.accept(layer.projected() ? 1 : 0);
            save(layer.mixed(), out);
            save(layer.unprojected(), out);
        });
    }

    static MixingStep load(DoubleSupplier in) {
        MixingStep loaded = new MixingStep((long) in.getAsDouble(), (int) in.getAsDouble(), (int) in.getAsDouble());
        loaded.refused = in.getAsDouble() != 0;
        int known = (int) in.getAsDouble();
        for (int i = 0; i < known; i++) {
            int order = (int) in.getAsDouble();
            int processRank = (int) in.getAsDouble();
            boolean projected = in.getAsDouble() != 0;
            DMatrixRMaj mixed = loadMatrix(loaded.size, in);
            loaded.layers.put(order, new MixingLayer(processRank, projected, mixed, loadMatrix(loaded.size, in)));
        }
        return loaded;
    }

    private static void save(DMatrixRMaj matrix, DoubleConsumer out) {
        for (double entry : matrix.data) {
            out.accept(entry);
        }
    }

    private static DMatrixRMaj loadMatrix(int n, DoubleSupplier in) {
        DMatrixRMaj matrix = new DMatrixRMaj(n, n);
        for (int i = 0; i < matrix.data.length; i++) {
            matrix.data[i] = in.getAsDouble();
        }
        return matrix;
    }
}
