package io.instabilityguard.sidecar.command;

import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LayerChange;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.sidecar.errors.OneLine;
import io.instabilityguard.sidecar.frame.HookMessage.Applied;
import io.instabilityguard.sidecar.frame.HookMessage.NotApplied;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.serialization.Serde;
import org.jspecify.annotations.Nullable;

/** Outcomes as records, and as bytes for the journal. Pure. */
final class Outcomes {
    private static final Serde<InterventionOutcome> BYTES = RecordSerdes.of(Topics.OUTCOMES, Map.of());

    private static final int MOST_MEASUREMENTS = 64;
    private static final int MOST_NAME = 64;
    /** In a run of several ranks: how many layers were replaced on all of them together; a rank may hold none of these. */
    private static final String LAYERS_REPLACED = "layersReplaced";

    private Outcomes() {}

    /** The outcome of a command that changed nothing. */
    static InterventionOutcome without(
            JournalEntry entry, OutcomeStatus status, long step, String reason, double loopMillis, long timestampMs) {
        return base(entry, step, loopMillis, timestampMs)
                .setStatus(status)
                .setReason(reason)
                .build();
    }

    /** The outcome of a command that the hook did not apply. */
    static InterventionOutcome notApplied(JournalEntry entry, NotApplied refused, double loopMillis, long timestampMs) {
        return base(entry, refused.step(), loopMillis, timestampMs)
                .setStatus(OutcomeStatus.valueOf(refused.status().name()))
                .setReason(OneLine.of(refused.reason()))
                .setMeasurements(finite(refused.measurements()))
                .build();
    }

    /** The outcome of a command that the hook says it applied. */
    static InterventionOutcome applied(
            JournalEntry entry,
            Applied applied,
            MatrixReplacement.Result computed,
            double loopMillis,
            long timestampMs) {
        boolean untouched = Rewritings.WEIGHT_KINDS.contains(entry.command().kind())
                && applied.matrices().isEmpty()
                && !(applied.measurements().getOrDefault(LAYERS_REPLACED, 0.0) > 0);
        return base(entry, applied.step(), loopMillis, timestampMs)
                .setStatus(untouched ? OutcomeStatus.REFUSED : OutcomeStatus.APPLIED)
                .setReason(untouched ? refusal(computed.changes()) : "")
                .setChanges(computed.changes())
                .setComputeMillis(computed.computeMillis())
                .setHookMillis(applied.hookMillis())
                .setLearningRateScaleBefore(orNan(applied.learningRateScaleBefore()))
                .setLearningRateScaleAfter(orNan(applied.learningRateScaleAfter()))
                .setMeasurements(merged(applied.measurements(), computed.measurements()))
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

    /** The hook's numbers and the sidecar's own, which win. */
    private static Map<String, Double> merged(Map<String, Double> hook, Map<String, Double> sidecar) {
        Map<String, Double> merged = new TreeMap<>(finite(hook));
        merged.putAll(sidecar);
        return merged;
    }

    /** What may stand in a record: finite numbers with short names, not too many of them. */
    private static Map<String, Double> finite(Map<String, Double> measurements) {
        return measurements.entrySet().stream()
                .filter(entry -> entry.getKey().length() <= MOST_NAME && Double.isFinite(entry.getValue()))
                .sorted(Map.Entry.comparingByKey())
                .limit(MOST_MEASUREMENTS)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
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
