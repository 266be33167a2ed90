package io.instabilityguard.sidecar.frame;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the trainer's hook says to the sidecar, one record per message of the protocol. Unknown scalars are NaN. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Hello.class, name = "HELLO"),
    @JsonSubTypes.Type(value = HookMessage.Step.class, name = "STEP"),
    @JsonSubTypes.Type(value = HookMessage.Apply.class, name = "APPLY"),
    @JsonSubTypes.Type(value = HookMessage.Applied.class, name = "APPLIED"),
    @JsonSubTypes.Type(value = HookMessage.NotApplied.class, name = "NOT_APPLIED"),
    @JsonSubTypes.Type(value = HookMessage.Bye.class, name = "BYE")
})
public sealed interface HookMessage
        permits Hello,
                HookMessage.Step,
                HookMessage.Apply,
                HookMessage.Applied,
                HookMessage.NotApplied,
                HookMessage.Bye {

    /**
     * One optimizer step.
     *
     * @param step optimizer step, from 0
     * @param loss training loss
     * @param gradientNorm global norm before clipping
     * @param learningRate largest effective one among the groups
     * @param learningRateScale the guard's own factor on it
     * @param maxAttentionLogit largest absolute attention logit
     * @param sample whether the slots hold this step's weights and are now the sidecar's
     * @param skippedSamples samples skipped since the last STEP
     * @param droppedMessages messages dropped since the last STEP
     * @param hookMicros cost of the previous {@code guard.step}, waits excluded
     * @param stepMillis time since the previous {@code guard.step}
     * @param waitMillis lockstep or pacing wait of the previous step
     * @param snapshotTokens valid rows of each snapshot of HELLO, 0 where this step's is missing
     * @param mixersSampled the mixers whose slots hold this step's matrices
     * @param statistics what the hook itself measured of layers
     * @param omissions what it did not measure at this sample, and why, one line each
     * @param held why the training program holds its run itself, so that the hook refuses every command; empty when it does not
     */
    record Step(
            long step,
            double loss,
            double gradientNorm,
            double learningRate,
            double learningRateScale,
            double maxAttentionLogit,
            boolean sample,
            long skippedSamples,
            long droppedMessages,
            double hookMicros,
            double stepMillis,
            double waitMillis,
            @MayBeAbsent List<Integer> snapshotTokens,
            @MayBeAbsent List<MixerSampled> mixersSampled,
            @MayBeAbsent List<Statistic> statistics,
            @MayBeAbsent List<String> omissions,
            @MayBeAbsent String held)
            implements HookMessage {
        /** Refuses a negative step or count. The lists are checked against HELLO where both are known. */
        public Step {
            Check.that(step >= 0, "step", step, "at least 0");
            Check.that(skippedSamples >= 0, "skippedSamples", skippedSamples, "at least 0");
            Check.that(droppedMessages >= 0, "droppedMessages", droppedMessages, "at least 0");
            snapshotTokens = Check.orEmpty(snapshotTokens);
            mixersSampled = Check.orEmpty(mixersSampled);
            statistics = Check.orEmpty(statistics);
            omissions = Check.orEmpty(omissions);
            held = held == null ? "" : held;
        }
    }

    /** A mixer of HELLO that was sampled, and whether the forward pass used the doubly stochastic projection. */
    record MixerSampled(int index, boolean projected) {}

    /** One statistic of a layer or block, or of the model when {@code layer} is empty: one value, or one per head. */
    record Statistic(String metric, String layer, int depth, List<Double> values) {
        /** Copies the list. */
        public Statistic {
            values = List.copyOf(values);
        }
    }

    /** The slots hold the live weights of boundary {@code step}; replace the matrices with these indexes now. */
    record Apply(String id, long step, List<Integer> matrices) implements HookMessage {
        /** Copies the list. */
        public Apply {
            matrices = List.copyOf(matrices);
        }
    }

    /**
     * The command took effect at boundary {@code step}; {@code matrices} are those really replaced. The learning-rate scales
     * are NaN for commands that do not touch it: the hook leaves them out then.
     */
    record Applied(
            String id,
            long step,
            List<Integer> matrices,
            double hookMillis,
            @MayBeAbsent @Nullable Double learningRateScaleBefore,
            @MayBeAbsent @Nullable Double learningRateScaleAfter,
            @MayBeAbsent Map<String, Double> measurements)
            implements HookMessage {
        /** Copies the collections. */
        public Applied {
            matrices = List.copyOf(matrices);
            learningRateScaleBefore = learningRateScaleBefore == null ? Double.NaN : learningRateScaleBefore;
            learningRateScaleAfter = learningRateScaleAfter == null ? Double.NaN : learningRateScaleAfter;
            measurements = Check.orEmpty(measurements);
        }
    }

    /** The command took no effect, and why. */
    record NotApplied(
            String id,
            long step,
            Status status,
            String reason,
            @MayBeAbsent Map<String, Double> measurements) implements HookMessage {
        /** Copies the map. */
        public NotApplied {
            measurements = Check.orEmpty(measurements);
        }

        /** Why a hook did not apply a command. */
        public enum Status {
            REFUSED,
            EXPIRED,
            ABANDONED,
            FAILED
        }
    }

    /** Orderly close after boundary {@code step}. */
    record Bye(long step) implements HookMessage {}
}
