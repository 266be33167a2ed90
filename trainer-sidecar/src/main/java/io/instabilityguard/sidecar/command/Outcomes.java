package io.instabilityguard.sidecar.command;

import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LayerChange;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.sidecar.frame.HookMessage.Applied;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.serialization.Serde;
import org.jspecify.annotations.Nullable;

/** Outcomes as records, and as bytes for the journal. Pure. */
final class Outcomes {
    private static final Serde<InterventionOutcome> BYTES = RecordSerdes.of(Topics.OUTCOMES, Map.of());

    private Outcomes() {}

    /** The outcome of a command that changed nothing. */
    static InterventionOutcome without(
            JournalEntry entry, OutcomeStatus status, long step, String reason, double loopMillis, long timestampMs) {
        return base(entry, step, loopMillis, timestampMs)
                .setStatus(status)
                .setReason(reason)
                .build();
    }

    /** The outcome of a command that the hook says it applied. */
    static InterventionOutcome applied(
            JournalEntry entry,
            Applied applied,
            MatrixReplacement.Result computed,
            double loopMillis,
            long timestampMs) {
        boolean untouched = entry.command().kind().equals(MatrixReplacement.KIND)
                && applied.matrices().isEmpty();
        return base(entry, applied.step(), loopMillis, timestampMs)
                .setStatus(untouched ? OutcomeStatus.REFUSED : OutcomeStatus.APPLIED)
                .setReason(untouched ? refusal(computed.changes()) : "")
                .setChanges(computed.changes())
                .setComputeMillis(computed.computeMillis())
                .setHookMillis(applied.hookMillis())
                .setLearningRateScaleBefore(orNan(applied.learningRateScaleBefore()))
                .setLearningRateScaleAfter(orNan(applied.learningRateScaleAfter()))
                .build();
    }

    /** The outcome of a command that the hook applied while nobody was there to hear it. */
    static InterventionOutcome appliedEarlier(JournalEntry entry, long step, double loopMillis, long timestampMs) {
        return base(entry, step, loopMillis, timestampMs)
                .setStatus(OutcomeStatus.APPLIED)
                .setReason("")
                .build();
    }

    /** The outcome as text for the journal. */
    static String encode(InterventionOutcome outcome) {
        return Base64.getEncoder().encodeToString(BYTES.serializer().serialize(Topics.OUTCOMES.name(), outcome));
    }

    /** The outcome that {@link #encode} made into text. */
    static InterventionOutcome decode(String encoded) {
        return BYTES.deserializer()
                .deserialize(Topics.OUTCOMES.name(), Base64.getDecoder().decode(encoded));
    }

    private static double orNan(@Nullable Double value) {
        return value == null ? Double.NaN : value;
    }

    private static String refusal(List<LayerChange> changes) {
        return "no matrix was replaced: "
                + changes.stream().map(LayerChange::getReason).findFirst().orElse("none was named");
    }

    private static InterventionOutcome.Builder base(
            JournalEntry entry, long step, double loopMillis, long timestampMs) {
        return InterventionOutcome.newBuilder()
                .setCommandId(entry.command().id())
                .setRun(entry.session().run())
                .setGeneration(entry.session().generation())
                .setProcessRank(entry.session().processRank())
                .setKind(InterventionKind.valueOf(entry.command().kind()))
                .setStep(step)
                .setChanges(List.of())
                .setLearningRateScaleBefore(Double.NaN)
                .setLearningRateScaleAfter(Double.NaN)
                .setHookMillis(Double.NaN)
                .setComputeMillis(Double.NaN)
                .setLoopMillis(loopMillis)
                .setTimestampMs(timestampMs);
    }
}
