package io.instabilityguard.guard;

import static io.instabilityguard.guard.Operators.alice;
import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OperatorActionKind;
import io.instabilityguard.schemas.StepTrace;
import io.instabilityguard.schemas.Topics;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a step leads to carries the step's trace. */
final class TraceTopologyTest extends TopologyCase {

    @Test
    void shouldCarryTheTraceOfTheStepToAnomalyDecisionAndCommand() {
        spikeAtSixty();

        String trace = StepTrace.of(spike(60));
        assertThat(guard.traces(Topics.COMMANDS)).containsExactly(trace);
        assertThat(guard.traces(Topics.ANOMALIES)).isNotEmpty().containsOnly(trace);
        assertThat(guard.traces(Topics.DECISIONS)).isNotEmpty().containsOnly(trace);
    }

    @Test
    void shouldCarryTheTraceOfTheStepAtWhichAnApprovedCommandWasDecided() {
        under("", Mode.APPROVE);
        spikeAtSixty();
        List<String> proposals = guard.states().stream()
                .flatMap(state -> state.getProposals().stream())
                .map(proposal -> proposal.getId())
                .distinct()
                .toList();
        guard.ask(alice(OperatorActionKind.APPROVE, proposals.get(0)).build());
        guard.sendTraced(calm(61).build());

        assertThat(guard.traces(Topics.COMMANDS)).containsExactly(StepTrace.of(calm(61).build()));
    }

    private void spikeAtSixty() {
        for (long step = 0; step < 60; step++) {
            guard.sendTraced(calm(step).build());
        }
        guard.sendTraced(spike(60));
    }
}
