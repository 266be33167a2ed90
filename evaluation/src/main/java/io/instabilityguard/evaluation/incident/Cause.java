package io.instabilityguard.evaluation.incident;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Evidence;
import java.util.List;

/**
 * An anomaly as a cause of what came after it.
 *
 * @param rank from 1, the likeliest first
 * @param detector that raised it
 * @param generation of the trainer
 * @param step at which it was raised
 * @param metric that was looked at
 * @param value of the metric
 * @param tolerated what the value must not pass
 * @param normal what the value was before; NaN when nothing is known
 * @param layers concerned; empty for the whole model
 * @param message one sentence of the guard's
 * @param partition of the telemetry that shows it; -1 when that is not known
 * @param offset of that telemetry
 */
record Cause(
        int rank,
        String detector,
        long generation,
        long step,
        String metric,
        double value,
        double tolerated,
        double normal,
        List<String> layers,
        String message,
        int partition,
        long offset) {

    static Cause of(int rank, Anomaly anomaly) {
        Evidence evidence = anomaly.getEvidence();
        return new Cause(
                rank,
                evidence.getDetector(),
                anomaly.getGeneration(),
                anomaly.getRaisedAtStep(),
                evidence.getMetric(),
                evidence.getValue(),
                evidence.getThreshold(),
                evidence.getBaseline(),
                List.copyOf(evidence.getLayers()),
                anomaly.getMessage(),
                evidence.getPartition(),
                evidence.getOffset());
    }
}
