package io.instabilityguard.guard.policy;

import io.instabilityguard.schemas.StepTelemetry;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** A measured quantity, under the name it has in records and messages. */
public enum Metric {
    /** Training loss of the step. */
    LOSS("loss", StepTelemetry::getLoss),
    /** Global gradient norm before clipping. */
    GRADIENT_NORM("gradientNorm", StepTelemetry::getGradientNorm),
    /** Largest absolute attention logit before the softmax. */
    MAX_ATTENTION_LOGIT("maxAttentionLogit", StepTelemetry::getMaxAttentionLogit),
    /** Stable rank of one weight matrix, {@code ||W||_F^2 / ||W||_2^2}. */
    STABLE_RANK("stableRank", telemetry -> Double.NaN);

    private final String label;
    private final ToDoubleFunction<StepTelemetry> reader;

    Metric(String label, ToDoubleFunction<StepTelemetry> reader) {
        this.label = label;
        this.reader = reader;
    }

    /** The metrics that are one number per step. */
    public static Set<Metric> scalars() {
        return EnumSet.of(LOSS, GRADIENT_NORM, MAX_ATTENTION_LOGIT);
    }

    /** The name in records and messages. */
    public String label() {
        return label;
    }

    /** The value in a record; NaN for a metric of layers. */
    public double of(StepTelemetry telemetry) {
        return reader.applyAsDouble(telemetry);
    }
}
