package io.instabilityguard.guard.anomaly;

import java.util.List;

/**
 * The numbers behind a reading.
 *
 * @param detector name in the policy
 * @param metric name of the metric
 * @param layers matrices concerned; empty for whole-model metrics
 * @param value observed at {@code lastStep}
 * @param baseline the run's own normal value; NaN when unknown
 * @param threshold the value that would have been tolerated; NaN when unknown
 * @param firstStep first step of the window looked at
 * @param lastStep last step of the window
 * @param forecastSteps steps until the limit if the slope holds; NaN when unknown
 * @param message one sentence for people
 */
public record Finding(
        String detector,
        String metric,
        List<String> layers,
        double value,
        double baseline,
        double threshold,
        long firstStep,
        long lastStep,
        double forecastSteps,
        String message) {

    /** Keeps its own copy of the layers. */
    public Finding {
        layers = List.copyOf(layers);
    }
}
