package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Trend;
import io.instabilityguard.guard.policy.Policy.Blindness;
import java.util.Map;

/**
 * What a report is about, and what it goes by.
 *
 * @param layer the layer asked for; empty for the whole run
 * @param roster the layers known by their spectra
 * @param trends where signals are going, by name; those that are missing cannot be forecast
 * @param blindness when a signal counts as blind
 */
record ReportScope(String layer, Roster roster, Map<String, Trend> trends, Blindness blindness) {

    boolean includes(Signal signal) {
        return layer.isEmpty() || signal.concerns(layer, roster);
    }

    /** Steps until a signal's trend reaches a threshold; NaN when it has no clear slope, or leads away. */
    double stepsTo(String signal, double threshold) {
        Trend trend = trends.get(signal);
        return trend != null && trend.hasClearSlope() ? trend.stepsTo(threshold) : Double.NaN;
    }
}
