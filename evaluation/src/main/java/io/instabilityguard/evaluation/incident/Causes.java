package io.instabilityguard.evaluation.incident;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Evidence;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What may have begun it: what was raised, first things first, since a cause precedes its effects; at the same step what is furthest from the value that would have been
 * tolerated. It says what was seen first, not what is proved.
 */
final class Causes {
    private static final Comparator<Anomaly> FIRST_AND_WORST = Comparator.comparingLong(Anomaly::getGeneration)
            .thenComparingLong(Anomaly::getRaisedAtStep)
            .thenComparing(Comparator.comparingDouble(Causes::distance).reversed());

    private Causes() {}

    /** Anomalies as they were raised, the likeliest cause first. */
    static List<Cause> ranked(List<Anomaly> anomalies) {
        List<Anomaly> raised = anomalies.stream()
                .filter(anomaly -> anomaly.getTransition() == AnomalyTransition.RAISED)
                .sorted(FIRST_AND_WORST)
                .toList();
        return IntStream.range(0, raised.size())
                .mapToObj(i -> Cause.of(i + 1, raised.get(i)))
                .toList();
    }

    /** How far a value is from the tolerated one, as a ratio of logarithms; what is not finite is furthest, what cannot be compared nearest. */
    static double distance(Anomaly anomaly) {
        Evidence evidence = anomaly.getEvidence();
        if (!Double.isFinite(evidence.getValue())) {
            return Double.MAX_VALUE;
        }
        double ratio = Math.abs(Math.log(Math.abs(evidence.getValue() / evidence.getThreshold())));
        return Double.isFinite(ratio) ? ratio : 0;
    }
}
