package io.instabilityguard.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole topology against the reference implementation of the rules, step by step, with the outcomes of the recorded runs. */
final class GoldenTraceTopologyTest {

    /** Those of the reference. */
    private static final String LIMITS = """
            detectors:
              gradient-spike: {above: {gradient-ratio: 6, loss-surprise: null, loss-deviation: 0.5}}
              gradient-blow-up: {enabled: false}
              logit-surge: {enabled: false}
              logit-jump: {above: {attention-logit: 30}}
            interventions: {quarter-learning-rate: {enabled: false}}
            """;

    @ParameterizedTest
    @ValueSource(
            strings = {"synthetic-edges", "synthetic-outgrowth", "S-0-guarded", "S-stable-0-guarded", "CS-0-guarded"})
    void shouldCommandWhatTheReferenceCommands(String name) {
        GoldenTrace trace = new GoldenTrace(name);
        Map<Long, List<String>> applied = trace.applied();
        Map<Long, String> commanded = new TreeMap<>();
        Map<String, InterventionCommand> lastOfKind = new TreeMap<>();
        try (GuardDriver guard = new GuardDriver(PolicyReader.parse(LIMITS, Mode.ENFORCE))) {
            for (StepTelemetry telemetry : trace.telemetry()) {
                long step = telemetry.getStep();
                applied.getOrDefault(step, List.of())
                        .forEach(kind ->
                                guard.answer(Telemetry.outcome(lastOfKind.get(kind), OutcomeStatus.APPLIED, step)));
                guard.send(telemetry);
                for (InterventionCommand command : guard.commands()) {
                    commanded.put(step, kind(command));
                    lastOfKind.put(kind(command), command);
                }
            }
        }
        assertThat(commanded).isEqualTo(trace.commands());
    }

    private static String kind(InterventionCommand command) {
        return command.getKind() == InterventionKind.APPLY_MSIGN ? "MSIGN" : "CUT";
    }
}
