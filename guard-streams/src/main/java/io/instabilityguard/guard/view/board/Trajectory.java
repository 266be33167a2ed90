package io.instabilityguard.guard.view.board;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Some values against the training step, from the first step to the last in at most so many points: when they run out, two points become one and keep what was
 * lowest and highest in both, so that no spike is lost. Steps may come in any order; one older than all points and between two of them is left out.
 */
final class Trajectory {

    private static final int BYTES_PER_VALUE = 3 * Float.BYTES;

    private final int mostLanes;
    private final long[] starts;
    private final Map<String, Lane> lanes = new LinkedHashMap<>();
    private long stride = 1;
    private int size;

    /** An empty one of so many points and lanes. */
    Trajectory(int capacity, int mostLanes) {
        this.mostLanes = mostLanes;
        this.starts = new long[capacity];
    }

    /** Adds a value; NaN and lanes beyond the bound are left out. */
    void put(long step, String lane, double value) {
        int bucket = Double.isNaN(value) ? -1 : bucket(step);
        if (bucket >= 0 && mayHave(lane)) {
            lane(lane).put(bucket, (float) value);
        }
    }

    /** Adds a value to the band only. */
    void widen(long step, String lane, double value) {
        int bucket = Double.isNaN(value) ? -1 : bucket(step);
        if (bucket >= 0 && mayHave(lane)) {
            lane(lane).widen(bucket, (float) value);
        }
    }

    /** Forgets this step and all after it. */
    void cutFrom(long step) {
        int index = Arrays.binarySearch(starts, 0, size, Math.floorDiv(step, stride) * stride);
        size = index < 0 ? -index - 1 : index;
        lanes.values().forEach(lane -> lane.clearFrom(size));
    }

    /** A copy of the points from the one that holds {@code since} on, of these lanes as far as they are known. */
    Points points(long since, Collection<String> names) {
        int index = Arrays.binarySearch(starts, 0, size, Math.floorDiv(since, stride) * stride);
        int from = index < 0 ? -index - 1 : index;
        Map<String, Points.Line> lines = new LinkedHashMap<>();
        for (String name : names) {
            Lane lane = lanes.get(name);
            if (lane != null) {
                lines.put(name, lane.line(from, size));
            }
        }
        return new Points(stride, Arrays.copyOfRange(starts, from, size), lines);
    }

    /** All lanes, in the order in which they came. */
    Set<String> names() {
        return lanes.keySet();
    }

    /** The last number of a lane; NaN when there is none. */
    double latest(String name) {
        Lane lane = lanes.get(name);
        return lane == null ? Double.NaN : lane.latest(size);
    }

    /** Heap that it holds, about. */
    long bytes() {
        return (long) starts.length * (Long.BYTES + (long) lanes.size() * BYTES_PER_VALUE);
    }

    private boolean mayHave(String lane) {
        return lanes.containsKey(lane) || lanes.size() < mostLanes;
    }

    private Lane lane(String name) {
        return lanes.computeIfAbsent(name, unknown -> new Lane(starts.length));
    }

    /** The point that holds a step, new when it is later than all; -1 when there is none. */
    private int bucket(long step) {
        long start = Math.floorDiv(step, stride) * stride;
        if (size > 0 && start <= starts[size - 1]) {
            int index = Arrays.binarySearch(starts, 0, size, start);
            return Math.max(index, -1);
        }
        if (size == starts.length) {
            coarsen();
            return bucket(step);
        }
        starts[size] = start;
        return size++;
    }

    private void coarsen() {
        int[] targets = new int[size];
        int merged = -1;
        stride *= 2;
        for (int i = 0; i < size; i++) {
            long start = Math.floorDiv(starts[i], stride) * stride;
            if (merged < 0 || starts[merged] != start) {
                merged++;
                starts[merged] = start;
            }
            targets[i] = merged;
        }
        int folded = size;
        lanes.values().forEach(lane -> lane.fold(targets, folded));
        size = merged + 1;
    }
}
