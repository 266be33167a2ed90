package io.instabilityguard.sidecar.spectrum.bench;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One line of a benchmark.
 *
 * @param name what was timed
 * @param unit unit of median, p10 and p90, such as {@code ms}
 * @param median middle value of the repetitions
 * @param p10 tenth percentile
 * @param p90 ninetieth percentile
 * @param rivals by name: how many times faster we are than the rival in the same run
 * @param limitRatio the least that every rival's ratio must reach; null when there is no limit
 */
public record BenchResult(
        String name,
        String unit,
        double median,
        double p10,
        double p90,
        Map<String, Double> rivals,
        @Nullable Double limitRatio) {

    /** Copies the rivals, in alphabetical order. */
    public BenchResult {
        rivals = Collections.unmodifiableMap(new TreeMap<>(rivals));
    }

    /** Our time in milliseconds, and by name how many times longer the rivals' median is. */
    public static BenchResult comparing(
            String name, Timing ours, Map<String, Timing> rivals, @Nullable Double limitRatio) {
        Map<String, Double> ratios = new TreeMap<>();
        rivals.forEach((rival, timing) -> ratios.put(rival, timing.median() / ours.median()));
        return new BenchResult(name, "ms", ours.median(), ours.percentile(10), ours.percentile(90), ratios, limitRatio);
    }
}
