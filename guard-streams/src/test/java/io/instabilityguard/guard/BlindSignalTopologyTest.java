package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.koopman;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.Mode;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Signals that cannot warn are named, and their silence is no evidence of health. */
final class BlindSignalTopologyTest extends TopologyCase {

    private static final String MASS = """
            signals: {mass: {shape: level, metric: near-unit-mass}}
            detectors:
              mass: {after-observed-steps: 0, above: {mass: 0.9}, within-steps: 1, clear-after-steps: 5}
            """;

    @Test
    void shouldNameWhatDoesNotArriveOrChange() {
        for (long step = 0; step < 201; step++) {
            guard.send(calm(step).setGradientNorm(1).build());
        }
        assertThat(blind())
                .contains(
                        "gradient-ratio: does not change",
                        "attention-outgrowth: does not arrive",
                        "stable-rank-fall: does not arrive",
                        "hyper-connection-gain: does not arrive")
                .noneMatch(signal -> signal.startsWith("loss-deviation"));
        guard.calm(201, 202);
        assertThat(blind()).noneMatch(signal -> signal.startsWith("gradient-ratio"));
    }

    @Test
    void shouldNotClearAnAnomalyOnAProfileThatAbstains() {
        under(MASS, Mode.ENFORCE);
        send(0, 1, 0.95, "");
        send(1, 50, 0.1, "too few tokens");
        assertThat(blind()).contains("mass: abstains");
        assertThat(guard.anomalies()).hasSize(1).noneMatch(this::isCleared);
        send(50, 55, 0.1, "");
        assertThat(guard.anomalies()).hasSize(1).allMatch(this::isCleared);
    }

    @Test
    void shouldNotClearAnAnomalyOnAProfileThatDoesNotChange() {
        under(MASS + "blindness: {constant-samples: 3}", Mode.ENFORCE);
        send(0, 1, 0.95, "");
        send(1, 50, 0.1, "");
        assertThat(blind()).contains("mass: does not change");
        assertThat(guard.anomalies()).hasSize(1).noneMatch(this::isCleared);
    }

    @Test
    void shouldNotRaiseOnAProfileThatAbstains() {
        under(MASS, Mode.ENFORCE);
        send(0, 50, 0.95, "residual over its limit");
        assertThat(guard.anomalies()).isEmpty();
    }

    private void send(long from, long to, double nearUnitMass, String abstained) {
        for (long step = from; step < to; step++) {
            guard.send(calm(step)
                    .setProfilesStep(step)
                    .setKoopman(List.of(koopman(nearUnitMass, abstained)))
                    .build());
        }
    }

    private List<String> blind() {
        var states = guard.states();
        return states.get(states.size() - 1).getBlindSignals();
    }
}
