package io.instabilityguard.guard.anomaly;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.GoldenTrace;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The detectors of the default policy against the reference implementation of the rules. */
final class GoldenRulesTest {

    /** Those of the reference. */
    private static final String LIMITS = """
            detectors:
              gradient-spike: {above: {gradient-ratio: 6, loss-surprise: null, loss-deviation: 0.5}}
              gradient-blow-up: {enabled: false}
              loss-spike: {above: {loss-deviation: 3.7}}
              logit-surge: {enabled: false}
              logit-jump: {above: {attention-logit-ratio: 5.5, attention-logit: 30}}
            interventions: {quarter-learning-rate: {enabled: false}}
            """;

    @ParameterizedTest
    @ValueSource(
            strings = {"synthetic-edges", "synthetic-outgrowth", "S-0-guarded", "S-stable-0-guarded", "CS-0-guarded"})
    void shouldFireExactlyWhenTheReferenceDoes(String name) {
        GoldenTrace trace = new GoldenTrace(name);
        Detectors detectors = new Detectors(PolicyReader.parse(LIMITS, null), new Roster(100));
        Map<Long, TreeSet<String>> fired = new TreeMap<>();
        for (StepTelemetry telemetry : trace.telemetry()) {
            for (Reading reading : detectors.inspect(Observation.of(telemetry))) {
                if (reading.isFiring()) {
                    fired.computeIfAbsent(telemetry.getStep(), step -> new TreeSet<>())
                            .add(reading.detector());
                }
            }
        }
        assertThat(fired).isEqualTo(trace.rules());
    }
}
