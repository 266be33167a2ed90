package io.instabilityguard.evaluation.campaign;

import io.instabilityguard.evaluation.history.Percentiles;
import io.instabilityguard.evaluation.statistics.Losses;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * When the loss of a run departed: above its own best when it diverged, otherwise behind the median of the unguarded runs
 * of the healthy twin, where there is one.
 */
public final class Departures {
    private static final String BASELINE = "none";

    private final Map<String, double[]> healthy = new HashMap<>();

    /** Learns what healthy twins look like. */
    public Departures(Plan plan, List<RunRecord> runs) {
        for (Plan.Scenario scenario : plan.scenarios()) {
            List<double[]> twins = runs.stream()
                    .filter(run -> run.key().scenario().equals(scenario.twin()))
                    .filter(run ->
                            run.key().method().equals(BASELINE) && !run.result().diverged())
                    .map(RunRecord::lossArray)
                    .toList();
            if (!twins.isEmpty()) {
                healthy.put(scenario.name(), median(twins));
            }
        }
    }

    private static double[] median(List<double[]> curves) {
        int length = curves.stream().mapToInt(curve -> curve.length).min().orElse(0);
        double[] median = new double[length];
        for (int step = 0; step < length; step++) {
            List<Double> values = new ArrayList<>();
            for (double[] curve : curves) {
                values.add(curve[step]);
            }
            median[step] = Percentiles.of(values).median();
        }
        return median;
    }

    /** Empty for a run whose loss left nothing. */
    public OptionalInt of(RunRecord run) {
        if (run.result().diverged()) {
            return Losses.departure(run.lossArray());
        }
        double[] reference = healthy.get(run.key().scenario());
        return reference == null ? OptionalInt.empty() : Losses.departure(run.lossArray(), reference);
    }
}
