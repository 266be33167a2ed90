package io.instabilityguard.evaluation.trainer;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What the trainer says about one optimizer step.
 *
 * @param step from 0
 * @param loss in nats; NaN when not finite
 * @param gradientNorm global, before any clipping; NaN when not finite
 * @param learningRate that of the scheduler, without the guard's factor
 * @param maxAttentionLogit largest absolute attention logit; NaN when not finite
 */
public record StepLine(int step, double loss, double gradientNorm, double learningRate, double maxAttentionLogit) {
    static StepLine of(JsonNode line) {
        return new StepLine(
                line.path("step").asInt(),
                line.path("loss").asDouble(Double.NaN),
                line.path("gradientNorm").asDouble(Double.NaN),
                line.path("learningRate").asDouble(Double.NaN),
                line.path("maxAttentionLogit").asDouble(Double.NaN));
    }
}
