package io.instabilityguard.sidecar.spectrum.bench;

import java.util.Arrays;

/** Durations of repeated work. */
public final class Timing {
    private final double[] milliseconds;

    /** At least one duration, in any order. */
    public Timing(double... milliseconds) {
        this.milliseconds = milliseconds.clone();
        Arrays.sort(this.milliseconds);
    }

    /** Warms up with a fifth of the repetitions, then times {@code work} alone; {@code prepare} runs before each. */
    public static Timing of(int repetitions, Runnable prepare, Runnable work) {
        for (int i = 0; i < repetitions / 5; i++) {
            prepare.run();
            work.run();
        }
        double[] milliseconds = new double[repetitions];
        for (int i = 0; i < repetitions; i++) {
            prepare.run();
            long start = System.nanoTime();
            work.run();
            milliseconds[i] = (System.nanoTime() - start) / 1e6;
        }
        return new Timing(milliseconds);
    }

    /** The middle duration, in milliseconds. */
    public double median() {
        return percentile(50);
    }

    /** Nearest rank, in milliseconds. */
    public double percentile(int percent) {
        int rank = (int) Math.ceil(percent / 100.0 * milliseconds.length);
        return milliseconds[Math.max(1, rank) - 1];
    }
}
