package io.instabilityguard.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.Mode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class GuardTopologyTest {

    private final GuardDriver guard = new GuardDriver(PolicyReader.parse("", Mode.ENFORCE));

    @AfterEach
    void close() {
        guard.close();
    }

    @Test
    void shouldCutTheLearningRateOnASpike() {
        guard.calm(0, 60);
        guard.send(Telemetry.spike(60));

        assertThat(guard.commands()).singleElement().satisfies(command -> {
            assertThat(command.getKind()).isEqualTo(InterventionKind.SCALE_LEARNING_RATE);
            assertThat(command.getId()).isEqualTo("run-1/1000/SCALE_LEARNING_RATE/60");
            assertThat(command.getApplyAtStep()).isEqualTo(61);
        });
    }

    @Test
    void shouldOrthogonaliseAttentionThatOutgrowsTheRest() {
        guard.send(Telemetry.sampled(0, 1, 1).build());
        guard.calm(1, 30);
        guard.send(Telemetry.sampled(30, 3, 1).setMaxAttentionLogit(40).build());

        assertThat(guard.commands())
                .extracting(InterventionCommand::getKind, InterventionCommand::getLayers)
                .containsExactly(org.assertj.core.groups.Tuple.tuple(
                        InterventionKind.APPLY_MSIGN, java.util.List.of("blocks.0.attention.query")));
    }
}
