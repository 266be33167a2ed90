package io.instabilityguard.evaluation.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * How a training run ended, in the trainer's own words.
 *
 * @param scenario name of the configuration
 * @param seed of weights and batches
 * @param method what protected the run: {@code none}, a rival, or {@code guard}
 * @param diverged whether the run was lost
 * @param divergedAtStep since when; null when it was not
 * @param finalLoss mean of the last 25 losses, in nats; null when that is not finite
 * @param steps how many were done
 * @param secondsPerStep median
 * @param collapsed whether the run ended, finite, far above what a healthy one reaches; null when the trainer says nothing
 * @param gradientLabel whether the run diverged by the other label, which also counts a gradient norm above 500; null
 *     when the trainer says nothing
 * @param accuracy of the task's answers at the end; null when the task has none
 */
public record TrainerResult(
        String scenario,
        int seed,
        String method,
        boolean diverged,
        @Nullable Integer divergedAtStep,
        @Nullable Double finalLoss,
        int steps,
        double secondsPerStep,
        @Nullable Boolean collapsed,
        @Nullable Boolean gradientLabel,
        @Nullable Double accuracy) {
    static TrainerResult of(JsonNode result) {
        JsonNode divergedAt = result.path("divergedAtStep");
        return new TrainerResult(
                result.path("scenario").asText(),
                result.path("seed").asInt(),
                result.path("method").asText(),
                result.path("diverged").asBoolean(),
                divergedAt.isNumber() ? divergedAt.asInt() : null,
                number(result.path("finalLoss")),
                result.path("steps").asInt(),
                result.path("secondsPerStep").asDouble(Double.NaN),
                truth(result.path("collapsed")),
                truth(result.path("gradientLabel")),
                number(result.path("accuracy")));
    }

    private static @Nullable Boolean truth(JsonNode value) {
        return value.isBoolean() ? value.asBoolean() : null;
    }

    private static @Nullable Double number(JsonNode value) {
        return value.isNumber() ? value.asDouble() : null;
    }

    /** Neither diverged nor collapsed. */
    public boolean survived() {
        return !diverged && !Boolean.TRUE.equals(collapsed);
    }
}
