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
 * @param collapsed whether the run diverged or ended well above what it had reached
 * @param spikeScore OLMo's: percent of the steps whose loss lies 7 standard deviations from the mean of those before
 * @param gradientLabel whether the task's gradient norm was above 500 or not finite at any step: the label of RKSP
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
        boolean collapsed,
        double spikeScore,
        boolean gradientLabel,
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
                result.path("collapsed").asBoolean(),
                result.path("spikeScore").asDouble(),
                result.path("gradientLabel").asBoolean(),
                number(result.path("accuracy")));
    }

    private static @Nullable Double number(JsonNode value) {
        return value.isNumber() ? value.asDouble() : null;
    }

    /** Neither diverged nor collapsed. */
    public boolean survived() {
        return !diverged && !collapsed;
    }
}
