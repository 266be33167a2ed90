package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.mixing.MixingAssembly;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What taking in a record gave.
 *
 * @param intake what became of its residual mixing
 * @param readings what each detector says; empty for ranks other than 0
 * @param observation what the detectors were shown; null for ranks other than 0
 */
record Taken(
        MixingAssembly.Intake intake,
        List<Reading> readings,
        @Nullable Observation observation) {}
