package io.instabilityguard.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class StepTraceTest {

    private final StepTelemetry step = TelemetrySamples.telemetry(0);

    @Test
    void shouldBeAsTheStandardWritesIt() {
        assertThat(StepTrace.of(step)).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01");
    }

    @Test
    void shouldBeOneTraceOnAllRanksAndOneSpanEach() {
        StepTelemetry other = StepTelemetry.newBuilder(step)
                .setProcessRank(step.getProcessRank() + 1)
                .build();
        assertThat(trace(other)).isEqualTo(trace(step));
        assertThat(StepTrace.of(other)).isNotEqualTo(StepTrace.of(step));
    }

    @Test
    void shouldBeAnotherTraceForAnotherStepRunOrGeneration() {
        assertThat(trace(StepTelemetry.newBuilder(step)
                        .setStep(step.getStep() + 1)
                        .build()))
                .isNotEqualTo(trace(step));
        assertThat(trace(StepTelemetry.newBuilder(step).setRun("other").build()))
                .isNotEqualTo(trace(step));
        assertThat(trace(StepTelemetry.newBuilder(step)
                        .setGeneration(step.getGeneration() + 1)
                        .build()))
                .isNotEqualTo(trace(step));
    }

    private static String trace(StepTelemetry step) {
        return StepTrace.of(step).substring(3, 35);
    }
}
