package io.instabilityguard.evaluation.incident;

import io.instabilityguard.evaluation.report.Curve;
import io.instabilityguard.guard.intervention.LedgerCheck;
import io.instabilityguard.guard.recording.Recorded;
import io.instabilityguard.guard.recording.Recording;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a recording tells about one run. Scalars are those of rank 0; steps that a later generation trained again count as it trained them. */
final class Incident {
    private static final int MOST_LAYERS = 64;

    private final String run;
    private final List<Recorded> events = new ArrayList<>();
    private final Map<String, WorstPoints> scalars = new LinkedHashMap<>();
    private final Map<String, WorstPoints> stableRanks = new LinkedHashMap<>();
    private final LedgerCheck ledger = new LedgerCheck();
    private @Nullable RunState lastState;
    private @Nullable StepTelemetry lastStep;
    private long firstStep = -1;
    private long generation = Long.MIN_VALUE;

    private Incident(String run) {
        this.run = run;
    }

    /** Reads a recording once. Errors: {@link IOException} in one line. */
    static Incident of(Recording recording) throws IOException {
        Incident incident = new Incident(recording.run());
        recording.forEach(incident::take);
        return incident;
    }

    private void take(Recorded recorded) {
        if (recorded.value() instanceof StepTelemetry telemetry) {
            take(telemetry, recorded);
        } else if (recorded.value() instanceof RunState state) {
            lastState = state;
        } else {
            events.add(recorded);
        }
        if (recorded.value() instanceof Decision decision) {
            ledger.add(run, decision, new LedgerCheck.Place(recorded.partition(), recorded.offset()));
        }
    }

    private void take(StepTelemetry telemetry, Recorded recorded) {
        if (telemetry.getProcessRank() != 0 || telemetry.getGeneration() < generation) {
            return;
        }
        if (telemetry.getGeneration() > generation) {
            generation = telemetry.getGeneration();
            scalars.values().forEach(curve -> curve.cutFrom(telemetry.getStep()));
            stableRanks.values().forEach(curve -> curve.cutFrom(telemetry.getStep()));
            events.add(recorded);
        }
        firstStep = firstStep < 0 ? telemetry.getStep() : firstStep;
        lastStep = telemetry;
        scalar("loss", telemetry.getStep(), telemetry.getLoss());
        scalar("gradientNorm", telemetry.getStep(), telemetry.getGradientNorm());
        scalar("maxAttentionLogit", telemetry.getStep(), telemetry.getMaxAttentionLogit());
        scalar("learningRate", telemetry.getStep(), telemetry.getLearningRate());
        for (LayerSpectrum layer : telemetry.getLayers()) {
            if (stableRanks.containsKey(layer.getName()) || stableRanks.size() < MOST_LAYERS) {
                stableRanks
                        .computeIfAbsent(layer.getName(), name -> new WorstPoints(Math::min))
                        .add(telemetry.getSpectraStep(), layer.getStableRank());
            }
        }
    }

    private void scalar(String name, long step, double value) {
        scalars.computeIfAbsent(name, unknown -> new WorstPoints(Math::max)).add(step, value);
    }

    String run() {
        return run;
    }

    long firstStep() {
        return firstStep;
    }

    /** The last record of rank 0; empty without telemetry. */
    Optional<StepTelemetry> last() {
        return Optional.ofNullable(lastStep);
    }

    /** Where the guard said last that the run stands. */
    Optional<RunState> state() {
        return Optional.ofNullable(lastState);
    }

    /** A scalar by its name in the schema; without points when it was never finite. */
    List<Curve.Point> scalar(String name) {
        WorstPoints points = scalars.get(name);
        List<Curve.Point> all = points == null ? List.of() : points.points();
        return all.stream().anyMatch(point -> Double.isFinite(point.value())) ? all : List.of();
    }

    /** Stable rank of every matrix. */
    List<Curve> stableRanks() {
        return stableRanks.entrySet().stream()
                .map(layer ->
                        new Curve(layer.getKey(), "guarded", layer.getValue().points()))
                .toList();
    }

    /** Everything that happened, in the order of the recording: first steps of generations, what was found, decided, commanded, answered and asked. */
    List<Recorded> events() {
        return List.copyOf(events);
    }

    List<Anomaly> anomalies() {
        return of(Anomaly.class);
    }

    List<Decision> decisions() {
        return of(Decision.class);
    }

    Optional<InterventionCommand> command(String id) {
        return of(InterventionCommand.class).stream()
                .filter(command -> command.getId().equals(id))
                .findFirst();
    }

    List<InterventionOutcome> outcomes(String commandId) {
        return of(InterventionOutcome.class).stream()
                .filter(outcome -> outcome.getCommandId().equals(commandId))
                .toList();
    }

    /** The chains of its decisions, checked. */
    List<LedgerCheck.Chain> chains() {
        return ledger.chains();
    }

    private <T> List<T> of(Class<T> type) {
        return events.stream()
                .map(Recorded::value)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }
}
