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
 */
public record TrainerResult(
        String scenario,
        int seed,
        String method,
        boolean diverged,
        @Nullable Integer divergedAtStep,
        @Nullable Double finalLoss,
        int steps,
        double secondsPerStep) {
    static TrainerResult of(JsonNode result) {
        JsonNode divergedAt = result.path("divergedAtStep");
        JsonNode finalLoss = result.path("finalLoss");
        return new TrainerResult(
                result.path("scenario").asText(),
                result.path("seed").asInt(),
                result.path("method").asText(),
                result.path("diverged").asBoolean(),
                divergedAt.isNumber() ? divergedAt.asInt() : null,
                finalLoss.isNumber() ? finalLoss.asDouble() : null,
                result.path("steps").asInt(),
                result.path("secondsPerStep").asDouble(Double.NaN));
    }
}
