package io.instabilityguard.evaluation.campaign;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One finished run: one line of the store.
 *
 * @param key what was run
 * @param commit of the working tree that ran it
 * @param result how it ended, in the trainer's words
 * @param losses one per step, four significant digits; null where not finite
 * @param largestGradientNorm of all steps, before any clipping; null when not finite
 * @param guard what the guard did; null without a guard
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunRecord(
        RunKey key,
        String commit,
        TrainerResult result,
        List<@Nullable Double> losses,
        @Nullable Double largestGradientNorm,
        @Nullable GuardPart guard) {
    /**
     * What the topics said about a guarded run.
     *
     * @param alarms anomalies at the moment they were raised, in order
     * @param applied how often each kind of intervention changed the run
     * @param harmful commands that were judged harmful
     * @param hookMillis median cost of the hook per step, waits excluded; null when unknown
     * @param dropped messages lost between trainer and Kafka
     */
    public record GuardPart(
            List<Alarm> alarms,
            Map<String, Integer> applied,
            int harmful,
            @Nullable Double hookMillis,
            long dropped) {}

    /**
     * An anomaly was raised.
     *
     * @param detector name in the policy
     * @param step when
     * @param acted whether the guard commanded something, or would have when its hands are tied
     */
    public record Alarm(String detector, long step, boolean acted) {}

    /** The losses as numbers, NaN where they were not finite. */
    public double[] lossArray() {
        return losses.stream()
                .mapToDouble(loss -> loss == null ? Double.NaN : loss)
                .toArray();
    }

    /** Tuned on even seeds, reported on odd ones. */
    @JsonIgnore
    public boolean isUnseen() {
        return key.seed() % 2 == 1;
    }
}
