package io.instabilityguard.guard.notification;

import io.instabilityguard.guard.canary.CanaryRun;
import io.instabilityguard.guard.notification.Incident.Status;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * The open incidents, folded from anomalies, decisions and states of runs. The topics have no order among each other: a decision may come before its anomaly. An incident
 * ends with its anomaly, with the trainer's generation or a day after it was last heard of. Commands are judged later than that: harm that was done is told as the last update of an
 * incident that is over already, which stays over. Canaries have none. For one thread.
 */
final class Incidents {

    private static final int MOST = 1_000;
    private static final long FORGET_MS = Duration.ofDays(1).toMillis();

    private final Map<String, Incident> open = new Bounded<>();
    private final Map<String, Incident> over = new Bounded<>();
    private final Map<String, Decision> early = new Bounded<>();

    /** Forgets its oldest entry rather than grow without end. */
    private static final class Bounded<V> extends LinkedHashMap<String, V> {

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
            return size() > MOST;
        }
    }

    /** Takes a record; what changed by it, the last change being that of the record itself. */
    List<IncidentUpdate> take(SpecificRecord record) {
        if (record instanceof Anomaly anomaly && !CanaryRun.isCanary(anomaly.getRun())) {
            return take(anomaly);
        }
        if (record instanceof Decision decision && !CanaryRun.isCanary(decision.getRun())) {
            return take(decision).stream().toList();
        }
        return record instanceof RunState state ? take(state) : List.of();
    }

    /** Those that are not over. */
    List<Incident> open() {
        return List.copyOf(open.values());
    }

    private List<IncidentUpdate> take(Anomaly anomaly) {
        Status status = statusOf(anomaly.getTransition());
        Incident known = open.get(anomaly.getId());
        if (known == null && status == Status.CLEARED) {
            return List.of();
        }
        List<IncidentUpdate> updates = new ArrayList<>();
        updates.add(
                known == null
                        ? keep(begun(anomaly, status), true)
                        : move(known, status, anomaly.getMessage(), anomaly.getStep(), anomaly.getTimestampMs()));
        Decision waiting = early.remove(anomaly.getId());
        if (waiting != null) {
            take(waiting).ifPresent(updates::add);
        }
        return updates;
    }

    private Optional<IncidentUpdate> take(Decision decision) {
        Status status = statusOf(decision);
        if (status == null || decision.getAnomalyId().isEmpty()) {
            return Optional.empty();
        }
        Incident known = open.get(decision.getAnomalyId());
        if (known != null) {
            return Optional.of(
                    move(known, status, decision.getReason(), decision.getStep(), decision.getTimestampMs()));
        }
        Incident past = over.get(decision.getAnomalyId());
        if (past != null) {
            return status == Status.HARMED ? Optional.of(harmed(past, decision)) : Optional.empty();
        }
        early.put(decision.getAnomalyId(), decision);
        return Optional.empty();
    }

    /** Tells of harm after the end. */
    private IncidentUpdate harmed(Incident past, Decision decision) {
        Incident harmed =
                past.updated(Status.HARMED, decision.getReason(), decision.getStep(), decision.getTimestampMs());
        over.put(harmed.id(), harmed);
        return new IncidentUpdate(harmed, past.status() != Status.HARMED);
    }

    private List<IncidentUpdate> take(RunState state) {
        return open().stream()
                .filter(incident -> incident.run().equals(state.getRun()) && isOver(incident, state))
                .map(incident -> move(
                        incident,
                        Status.CLEARED,
                        "nothing more is known of it: the trainer was started anew, or a day has passed",
                        state.getLastStep(),
                        state.getTimestampMs()))
                .toList();
    }

    private static boolean isOver(Incident incident, RunState state) {
        return incident.generation() < state.getGeneration()
                || state.getTimestampMs() - incident.updatedAtMs() > FORGET_MS;
    }

    private IncidentUpdate move(Incident known, Status status, String summary, long step, long timeMs) {
        return keep(known.updated(status, summary, step, timeMs), known.status() != status);
    }

    private IncidentUpdate keep(Incident incident, boolean isNewStatus) {
        if (incident.isOpen()) {
            open.put(incident.id(), incident);
        } else {
            open.remove(incident.id());
            over.put(incident.id(), incident);
        }
        return new IncidentUpdate(incident, isNewStatus);
    }

    private static Incident begun(Anomaly anomaly, Status status) {
        return new Incident(
                anomaly.getId(),
                anomaly.getRun(),
                anomaly.getGeneration(),
                anomaly.getEvidence().getDetector(),
                status,
                anomaly.getMessage(),
                anomaly.getEvidence().getLayers(),
                anomaly.getRaisedAtStep(),
                anomaly.getStep(),
                anomaly.getTimestampMs(),
                anomaly.getTimestampMs(),
                0);
    }

    private static Status statusOf(AnomalyTransition transition) {
        return switch (transition) {
            case CLEARED -> Status.CLEARED;
            case ESCALATED -> Status.ESCALATED;
            default -> Status.RAISED;
        };
    }

    private static @Nullable Status statusOf(Decision decision) {
        if (decision.getAction() == DecisionAction.VERDICT) {
            return decision.getVerdict() == Verdict.HARMFUL ? Status.HARMED : null;
        }
        return switch (decision.getAction()) {
            case COMMAND -> Status.COMMANDED;
            case PROPOSE -> Status.WAITS_FOR_APPROVAL;
            case PAGE -> Status.NEEDS_A_PERSON;
            default -> null;
        };
    }
}
