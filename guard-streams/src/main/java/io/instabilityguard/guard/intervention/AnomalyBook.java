package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.Finding;
import io.instabilityguard.guard.anomaly.Reading;
import io.instabilityguard.guard.anomaly.Reading.Level;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Keeps the open anomalies of a run: a detector that fires raises one, which escalates when it grows much worse and clears after enough quiet
 * steps. A reading of ABSENT changes nothing.
 */
final class AnomalyBook {

    private final Policy policy;

    AnomalyBook(Policy policy) {
        this.policy = policy;
    }

    /** Enters the readings of one step, before which some others were not seen: those do not count as quiet. */
    void enter(Proceedings proceedings, List<Reading> readings, long unseenSteps) {
        if (unseenSteps > 0) {
            proceedings.remember(memory -> memory.pausedFor(unseenSteps));
        }
        clearForgotten(proceedings);
        readings.forEach(reading -> enter(proceedings, reading));
    }

    /** Clears anomalies of detectors that the policy does not have any more: nothing else would. */
    private void clearForgotten(Proceedings proceedings) {
        for (OpenAnomaly anomaly : proceedings.memory().open()) {
            if (!policy.hasDetector(anomaly.detector())) {
                publish(
                        proceedings,
                        anomaly,
                        AnomalyTransition.CLEARED,
                        "the policy has no detector " + anomaly.detector() + " any more");
                proceedings.remember(memory -> memory.withOpen(without(memory, anomaly)));
            }
        }
    }

    /** Clears everything, because the trainer's life that it was about is over. */
    static void close(Proceedings proceedings) {
        for (OpenAnomaly anomaly : proceedings.memory().open()) {
            publish(proceedings, anomaly, AnomalyTransition.CLEARED, "a new generation of the trainer began");
        }
        proceedings.remember(memory -> memory.withOpen(List.of()));
    }

    private void enter(Proceedings proceedings, Reading reading) {
        Optional<OpenAnomaly> open = proceedings.memory().openOf(reading.detector());
        Finding finding = reading.finding();
        if (finding != null) {
            replace(
                    proceedings,
                    open.map(known -> grow(proceedings, known, finding)).orElseGet(() -> raise(proceedings, finding)));
        } else if (open.isPresent()) {
            calm(proceedings, open.get(), reading.level());
        }
    }

    private static OpenAnomaly raise(Proceedings proceedings, Finding finding) {
        RunMemory memory = proceedings.memory();
        long step = proceedings.step();
        String id = String.join("/", memory.run(), "" + memory.generation(), finding.detector(), "" + step);
        OpenAnomaly raised = new OpenAnomaly(id, finding.detector(), step, step, step, finding, finding);
        publish(proceedings, raised, AnomalyTransition.RAISED, finding.message());
        return raised;
    }

    private OpenAnomaly grow(Proceedings proceedings, OpenAnomaly known, Finding finding) {
        OpenAnomaly again = known.firedAgain(finding);
        if (!isMuchWorse(known.published(), finding)) {
            return again;
        }
        publish(proceedings, again, AnomalyTransition.ESCALATED, finding.message());
        return again.escalated();
    }

    /** Much worse: the distance from normal, as a ratio, has grown by the factor of the policy, or more layers than twice are concerned. */
    private boolean isMuchWorse(Finding published, Finding now) {
        double factor = policy.escalateFactor();
        boolean rising = published.value() >= published.threshold();
        boolean grown = rising ? now.value() >= factor * published.value() : now.value() <= published.value() / factor;
        return grown
                || now.layers().size() > factor * published.layers().size()
                        && !published.layers().isEmpty();
    }

    private void calm(Proceedings proceedings, OpenAnomaly open, Level level) {
        long step = proceedings.step();
        if (level == Level.ELEVATED) {
            replace(proceedings, open.loudAt(step));
        } else if (level == Level.QUIET && step - open.lastLoudStep() >= policy.clearAfterSteps(open.detector())) {
            publish(
                    proceedings,
                    open,
                    AnomalyTransition.CLEARED,
                    open.detector() + " has been quiet since step " + open.lastLoudStep());
            proceedings.remember(memory -> memory.withOpen(without(memory, open)));
        }
    }

    private static void replace(Proceedings proceedings, OpenAnomaly anomaly) {
        proceedings.remember(memory -> {
            List<OpenAnomaly> open = without(memory, anomaly);
            open.add(anomaly);
            return memory.withOpen(open);
        });
    }

    private static List<OpenAnomaly> without(RunMemory memory, OpenAnomaly anomaly) {
        List<OpenAnomaly> rest = new ArrayList<>(memory.open());
        rest.removeIf(open -> open.id().equals(anomaly.id()));
        return rest;
    }

    private static void publish(
            Proceedings proceedings, OpenAnomaly anomaly, AnomalyTransition transition, String message) {
        RunMemory memory = proceedings.memory();
        proceedings.publish(Anomaly.newBuilder()
                .setId(anomaly.id())
                .setRun(memory.run())
                .setGeneration(memory.generation())
                .setTransition(transition)
                .setStep(proceedings.step())
                .setRaisedAtStep(anomaly.raisedAtStep())
                .setEvidence(proceedings.evidence(anomaly.latest()))
                .setForecastSteps(anomaly.latest().forecastSteps())
                .setMessage(message)
                .setTimestampMs(proceedings.timestampMs())
                .build());
    }
}
