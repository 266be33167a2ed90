package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.mixing.MixingAssembly;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The values of all signals of a policy along one recorded run of one rank: the same signals as in production, with nothing
 * decided. For research and evaluation.
 */
public final class SignalReadout {

    private final Map<String, Signal> signals;
    private final MixingAssembly mixing;
    private final NonFiniteDetector nonFinite = new NonFiniteDetector();

    /** The signals before the first step. */
    public SignalReadout(Policy policy) {
        signals = new Detectors(policy, new Roster(policy.limits().layers())).signals();
        mixing = new MixingAssembly(policy.limits().mixingGraceSteps());
    }

    /** The value of every signal at the next step, against the baselines before it; NaN where it is unknown. */
    public Map<String, Double> take(StepTelemetry telemetry) {
        mixing.take(telemetry);
        Observation observation =
                new Observation(telemetry, mixing.complete(telemetry.getStep()).orElse(null), mixing.abstains());
        signals.values().forEach(signal -> signal.sample(observation));
        Map<String, Double> values = new LinkedHashMap<>();
        Optional<Finding> broken = nonFinite.inspect(telemetry).filter(NonFiniteDetector::isOfScalars);
        signals.forEach((name, signal) -> values.put(name, broken.isPresent() ? Double.NaN : signal.value()));
        if (broken.isEmpty()) {
            signals.values().forEach(Signal::learn);
        }
        return values;
    }
}
