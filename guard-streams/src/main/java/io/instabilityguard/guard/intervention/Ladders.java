package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.intervention.InterventionReport.LadderReport;
import io.instabilityguard.guard.policy.InterventionPolicy;
import io.instabilityguard.guard.policy.LadderPolicy;
import io.instabilityguard.guard.policy.Policy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The ladders of a policy: which rung answers a detector's anomalies now. A ladder steps up when commands of a rung did not help, or when a rung is held back by
 * something that waiting does not change; it steps down rung by rung in quiet times, and remembers where it stands from one anomaly to the next.
 */
final class Ladders {

    private final Policy policy;
    private final Map<String, List<String>> rungs = new TreeMap<>();

    Ladders(Policy policy) {
        this.policy = policy;
        policy.ladders().forEach((detector, ladder) -> {
            List<String> enabled = ladder.rungs().stream()
                    .filter(policy.interventions()::containsKey)
                    .toList();
            if (!enabled.isEmpty()) {
                rungs.put(detector, enabled);
            }
        });
    }

    /** Whether a detector's anomalies are answered by a ladder. */
    boolean governs(String detector) {
        return rungs.containsKey(detector);
    }

    /** Detectors whose ladder stands at this rung. */
    List<String> standingAt(RunMemory memory, String rung) {
        return rungs.keySet().stream()
                .filter(detector -> rungOf(memory, detector).equals(rung))
                .toList();
    }

    /** Holds every rung back while an anomaly is only watched. */
    Optional<Obstacle> watching(OpenAnomaly anomaly, long step) {
        LadderPolicy ladder = policy.ladders().get(anomaly.detector());
        long until = anomaly.raisedAtStep() + (ladder == null ? 0 : ladder.watchSteps());
        return step < until
                ? Obstacle.passing(anomaly.detector() + " is watched until step " + until)
                : Optional.empty();
    }

    /** Steps down where it has been quiet for long enough. */
    void settle(Proceedings proceedings) {
        proceedings.memory().standings().forEach((detector, standing) -> {
            LadderPolicy ladder = policy.ladders().get(detector);
            boolean open = proceedings.memory().openOf(detector).isPresent();
            long step = proceedings.step();
            if (ladder == null) {
                proceedings.remember(memory -> memory.withStanding(detector, null));
            } else if (open != standing.calmSince() < 0) {
                proceedings.remember(memory -> memory.withStanding(detector, standing.calmSince(open ? -1 : step)));
            } else if (!open && step - standing.calmSince() >= ladder.deEscalateAfterSteps()) {
                Standing below = standing.level() == 0 ? null : new Standing(standing.level() - 1, 0, step);
                proceedings.remember(memory -> memory.withStanding(detector, below));
            }
        });
    }

    /** Takes note of a command that did not help. */
    void noteInVain(Proceedings proceedings, IssuedCommand command) {
        String detector = command.detector();
        InterventionPolicy rung = policy.interventions().get(command.rung());
        if (rung == null
                || !governs(detector)
                || !rungOf(proceedings.memory(), detector).equals(command.rung())) {
            return;
        }
        Standing standing = standing(proceedings.memory(), detector).onceMoreInVain();
        int limit = rung.kind().isCure() ? ladder(detector).escalateAfterCommands() : 1;
        proceedings.remember(memory -> memory.withStanding(detector, standing));
        if (standing.unhelpful() >= limit) {
            stepUp(proceedings, detector);
        }
    }

    /** Goes on to the next rung, if there is one. */
    void stepUp(Proceedings proceedings, String detector) {
        if (governs(detector)) {
            Standing standing = standing(proceedings.memory(), detector);
            boolean atTop = standing.level() >= rungs(detector).size() - 1;
            proceedings.remember(memory -> memory.withStanding(detector, atTop ? standing : standing.above()));
        }
    }

    /** Where every ladder stands. */
    List<LadderReport> report(RunMemory memory) {
        return rungs.entrySet().stream()
                .map(ladder -> new LadderReport(
                        ladder.getKey(),
                        Math.min(
                                standing(memory, ladder.getKey()).level(),
                                ladder.getValue().size() - 1),
                        ladder.getValue()))
                .toList();
    }

    private String rungOf(RunMemory memory, String detector) {
        List<String> names = rungs(detector);
        return names.get(Math.min(standing(memory, detector).level(), names.size() - 1));
    }

    private List<String> rungs(String detector) {
        return rungs.getOrDefault(detector, List.of());
    }

    private LadderPolicy ladder(String detector) {
        LadderPolicy ladder = policy.ladders().get(detector);
        if (ladder == null) {
            throw new IllegalArgumentException("no ladder for " + detector);
        }
        return ladder;
    }

    private static Standing standing(RunMemory memory, String detector) {
        return memory.standings().getOrDefault(detector, Standing.FOOT);
    }
}
