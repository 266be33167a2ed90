package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.RunEvent.CommandAnswered;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.policy.InterventionPolicy.Escalation;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Mode;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Decides what is done about open anomalies: a pure function of the policy, the run's memory and one event. The cause decides the action: each
 * rung names the detectors that it answers, or a detector has a ladder of its own (see {@link Ladders}). A rung commands when its detector fires and nothing
 * holds it back (see {@link Obstacles}). At one step only one rung commands, the first in the order of the policy, and no rung while another one's command for the same
 * cause, or one that it yields to, is still to show its effect.
 */
final class InterventionLadder {

    private final Policy policy;
    private final AnomalyBook anomalies;
    private final Ladders ladders;
    private final CommandBook commands;
    private final Map<String, Rung> rungs = new LinkedHashMap<>();
    private final Obstacles obstacles;
    private final Issuance issuance;
    private final OperatorDesk operators;

    InterventionLadder(Policy policy) {
        this.policy = policy;
        this.anomalies = new AnomalyBook(policy);
        this.ladders = new Ladders(policy);
        this.commands = new CommandBook(policy, ladders);
        policy.interventions().forEach((name, settings) -> rungs.put(name, new Rung(name, settings)));
        this.obstacles = new Obstacles(policy, rungs);
        this.issuance = new Issuance(policy);
        this.operators = new OperatorDesk(policy.mode(), rungs, obstacles, issuance);
    }

    /** What follows from a new step. */
    Ruling on(RunMemory memory, StepInspected event, Authority authority) {
        Proceedings proceedings = Proceedings.on(policy.hash(), authority, memory, event);
        if (event.arrival() == Arrival.NEW_GENERATION) {
            AnomalyBook.close(proceedings);
            OperatorDesk.close(proceedings);
            proceedings.remember(old -> old.inGeneration(event.telemetry().getGeneration()));
        }
        anomalies.enter(proceedings, event.readings(), event.unseen());
        commands.review(proceedings, event);
        ladders.settle(proceedings);
        boolean isNewHolder = operators.attend(proceedings, event);
        rungs.values().stream()
                .takeWhile(rung -> !proceedings.hasCommanded())
                .forEach(rung -> climb(proceedings, event, rung, isNewHolder));
        forgetReasonsOfClosed(proceedings);
        return proceedings.ruling();
    }

    /** What follows from a sidecar's answer. Nothing does from one about another generation. */
    Ruling on(RunMemory memory, CommandAnswered event, Authority authority) {
        Proceedings proceedings = Proceedings.on(policy.hash(), authority, memory, event.outcome());
        if (event.outcome().getGeneration() == memory.generation()) {
            commands.enter(proceedings, event.outcome());
        }
        return proceedings.ruling();
    }

    /**
     * What a shadow learns when a command is judged that was really sent. It is the outcome of the shadow's own command too where that does the same at about the same time; what became of anything
     * else that the shadow would have done cannot be known.
     */
    Ruling hearing(RunMemory shadow, IssuedCommand real, Decision verdict, Authority authority) {
        Proceedings proceedings = Proceedings.on(policy.hash(), authority, shadow, verdict);
        shadow.issued().stream()
                .filter(own -> own.awaitsOutcomeOf(real))
                .min(Comparator.comparingLong(own -> Math.abs(own.decidedAtStep() - real.decidedAtStep())))
                .ifPresent(own -> commands.hear(proceedings, own, real, verdict.getVerdict(), verdict.getReason()));
        return proceedings.ruling();
    }

    private void climb(Proceedings proceedings, StepInspected event, Rung rung, boolean isNewHolder) {
        List<String> detectors = Stream.concat(
                        rung.settings().detectors().stream().filter(detector -> !ladders.governs(detector)),
                        ladders.standingAt(proceedings.memory(), rung.name()).stream())
                .toList();
        rung.pressing(proceedings.memory(), detectors, proceedings.step(), isNewHolder)
                .ifPresent(anomaly -> answer(proceedings, event, rung, anomaly));
    }

    private void answer(Proceedings proceedings, StepInspected event, Rung rung, OpenAnomaly anomaly) {
        Optional<Obstacle> obstacle = withheld(event, rung)
                .or(() -> ladders.watching(anomaly, proceedings.step()))
                .or(() -> rung.pages() ? Optional.empty() : obstacles.of(proceedings, event, rung, anomaly));
        if (obstacle.isPresent()) {
            sayOnce(
                    proceedings,
                    DecisionAction.NOTHING,
                    anomaly,
                    rung,
                    obstacle.get().reason());
            if (obstacle.get().lasts()) {
                ladders.stepUp(proceedings, anomaly.detector());
            }
        } else if (rung.pages()) {
            String reason = rung.name() + ": a person is needed, " + anomaly.detector() + " is open since step ";
            sayOnce(proceedings, DecisionAction.PAGE, anomaly, rung, reason + anomaly.raisedAtStep());
        } else {
            command(proceedings, event, anomaly, takesTurn(proceedings, event, rung, anomaly));
        }
    }

    /** Holds every rung back while nothing is known about the run as it is now. */
    private static Optional<Obstacle> withheld(StepInspected event, Rung rung) {
        if (!event.stale().isEmpty()) {
            return Obstacle.passing("stale: re-evaluated, " + rung.name() + " is withheld until telemetry is fresh");
        }
        return event.partial().isEmpty()
                ? Optional.empty()
                : Obstacle.passing("unknown: " + rung.name() + " is withheld until the run is known again");
    }

    /** The rung itself, or the one to which it escalates when it is time and nothing holds that back. */
    private Rung takesTurn(Proceedings proceedings, StepInspected event, Rung rung, OpenAnomaly anomaly) {
        Escalation escalation = rung.settings().escalation();
        if (escalation == null || !rung.hasTried(proceedings.memory(), anomaly, escalation)) {
            return rung;
        }
        return Optional.ofNullable(rungs.get(escalation.to()))
                .filter(other -> !other.pages())
                .filter(other ->
                        obstacles.of(proceedings, event, other, anomaly).isEmpty())
                .orElse(rung);
    }

    /** Acts, if this guard may: otherwise it says what it would do, and who may instead. */
    private void command(Proceedings proceedings, StepInspected event, OpenAnomaly anomaly, Rung rung) {
        Optional<Obstacle> barrier =
                proceedings.authority().obstacle(proceedings.memory().desk().heldReason());
        if (policy.mode() == Mode.OBSERVE || barrier.isEmpty()) {
            issuance.answer(proceedings, event, anomaly, rung);
        } else {
            String reason = rung.name() + " would answer " + anomaly.detector() + ", but "
                    + barrier.get().reason();
            sayOnce(proceedings, DecisionAction.WOULD_COMMAND, anomaly, rung, reason);
        }
    }

    /** Doing nothing is a decision too, but the same reason is not repeated at every step. */
    private static void sayOnce(
            Proceedings proceedings, DecisionAction action, OpenAnomaly anomaly, Rung rung, String reason) {
        String about = anomaly.id() + "/" + rung.name();
        if (reason.equals(proceedings.memory().said().get(about))) {
            return;
        }
        proceedings.decide(action, anomaly.id(), "", reason, anomaly.latest());
        proceedings.remember(memory -> {
            Map<String, String> said = new TreeMap<>(memory.said());
            said.put(about, reason);
            return memory.withSaid(said);
        });
    }

    private static void forgetReasonsOfClosed(Proceedings proceedings) {
        if (proceedings.memory().said().isEmpty()) {
            return;
        }
        proceedings.remember(memory -> {
            Map<String, String> said = new TreeMap<>(memory.said());
            said.keySet()
                    .removeIf(about -> memory.open().stream().noneMatch(open -> about.startsWith(open.id() + "/")));
            return memory.withSaid(said);
        });
    }
}
