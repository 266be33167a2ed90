package io.instabilityguard.sidecar.spectrum;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIf;

/** A machine without a GPU is an answer, not a failure. */
@DisabledIf(value = "io.instabilityguard.sidecar.spectrum.Gpu#isHere", disabledReason = "there is a GPU here")
class NoGpuTest {
    @Test
    void shouldSayWhyThereIsNoGpu() {
        assertThat(Gpu.reason()).startsWith("no GPU: ").doesNotContain("\n").hasSizeGreaterThan(15);
    }
}
