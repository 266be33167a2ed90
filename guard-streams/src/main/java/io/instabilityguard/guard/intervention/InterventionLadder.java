package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.RunEvent.CommandAnswered;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.anomaly.Trace;
import io.instabilityguard.guard.intervention.IssuedCommand.Before;
import io.instabilityguard.guard.intervention.IssuedCommand.State;
import io.instabilityguard.guard.policy.InterventionPolicy.Escalation;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.Mode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides what is done about open anomalies: a pure function of the policy, the run's memory and one event. The cause decides the action: each
 * rung names the detectors that it answers, or a detector has a ladder of its own (see {@link Ladders}). A rung commands when its detector fires and nothing
 * holds it back (see {@link #obstacle}). At one step only one rung commands, the first in the order of the policy, and no rung while another one's command for the same
 * cause, or one that it yields to, is still to show its effect.
 */
final class InterventionLadder {

    private final Policy policy;
    private final AnomalyBook anomalies;
    private final Ladders ladders;
    private final CommandBook commands;
    private final Map<String, Rung> rungs = new LinkedHashMap<>();

    InterventionLadder(Policy policy) {
        this.policy = policy;
        this.anomalies = new AnomalyBook(policy);
        this.ladders = new Ladders(policy);
        this.commands = new CommandBook(policy, ladders);
        policy.interventions().forEach((name, settings) -> rungs.put(name, new Rung(name, settings)));
    }

    /** What follows from a new step. */
    Ruling on(RunMemory memory, StepInspected event) {
        Proceedings proceedings = Proceedings.on(policy.hash(), memory, event);
        if (event.arrival() == Arrival.NEW_GENERATION) {
            AnomalyBook.close(proceedings);
            proceedings.remember(old -> old.inGeneration(event.telemetry().getGeneration()));
        }
        anomalies.enter(proceedings, event.readings(), event.unseen());
        commands.review(proceedings, event);
        ladders.settle(proceedings);
        rungs.values().stream()
                .takeWhile(rung -> !proceedings.hasCommanded())
                .forEach(rung -> climb(proceedings, event, rung));
        forgetReasonsOfClosed(proceedings);
        return proceedings.ruling();
    }

    /** What follows from a sidecar's answer. Nothing does from one about another generation. */
    Ruling on(RunMemory memory, CommandAnswered event) {
        Proceedings proceedings = Proceedings.on(policy.hash(), memory, event.outcome());
        if (event.outcome().getGeneration() == memory.generation()) {
            commands.enter(proceedings, event.outcome());
        }
        return proceedings.ruling();
    }

    private void climb(Proceedings proceedings, StepInspected event, Rung rung) {
        List<String> detectors = Stream.concat(
                        rung.settings().detectors().stream().filter(detector -> !ladders.governs(detector)),
                        ladders.standingAt(proceedings.memory(), rung.name()).stream())
                .toList();
        rung.pressing(proceedings.memory(), detectors, proceedings.step())
                .ifPresent(anomaly -> answer(proceedings, event, rung, anomaly));
    }

    private void answer(Proceedings proceedings, StepInspected event, Rung rung, OpenAnomaly anomaly) {
        Optional<Obstacle> obstacle = withheld(event, rung)
                .or(() -> ladders.watching(anomaly, proceedings.step()))
                .or(() -> rung.pages() ? Optional.empty() : obstacle(proceedings, event, rung, anomaly));
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

    /** What holds a rung back from answering an anomaly: another command for the same cause, itself, or the budget. */
    private Optional<Obstacle> obstacle(Proceedings proceedings, StepInspected event, Rung rung, OpenAnomaly anomaly) {
        RunMemory memory = proceedings.memory();
        return memory.issued().stream()
                .filter(command -> command.detector().equals(anomaly.detector())
                        ? isInTheWay(command, rung, proceedings.step())
                        : yields(rung, command, proceedings.step()))
                .findFirst()
                .flatMap(command -> Obstacle.passing(command.id() + " is still to show its effect"))
                .or(() -> rung.obstacle(memory, proceedings.step(), event.roster()))
                .or(() -> overBudget(memory, event, rung));
    }

    /** Whether another rung's command (not one that takes turns with it) or a rollback is on its way for the same cause. */
    private boolean isInTheWay(IssuedCommand command, Rung rung, long step) {
        Rung other = rungs.get(command.rung());
        if (command.isRollback() || other == null) {
            return command.isUnanswered();
        }
        boolean takesTurns = rung.equals(other) || rung.escalatesTo(other) || other.escalatesTo(rung);
        return !takesTurns
                && command.isUnsettled(step, other.settings().verdict().afterSteps());
    }

    /** Whether this command for another cause may explain the anomaly; not for longer than its effect should take to show. */
    private boolean yields(Rung rung, IssuedCommand command, long step) {
        Rung other = rungs.get(command.rung());
        if (other == null || !rung.settings().yieldsTo().contains(other.name())) {
            return false;
        }
        int afterSteps = other.settings().verdict().afterSteps();
        return command.isUnsettled(step, afterSteps) && step < command.stateStep() + afterSteps;
    }

    private Optional<Obstacle> overBudget(RunMemory memory, StepInspected event, Rung rung) {
        double millis = event.usualStepMillis();
        double spent = memory.stepEquivalents(event.lastStep(), millis);
        return spent + rung.mostCost(memory, millis) > policy.budget()
                ? Obstacle.lasting("the budget of %.4g step-equivalents per 1000 steps does not allow %s"
                        .formatted(policy.budget(), rung.name()))
                : Optional.empty();
    }

    /** The rung itself, or the one to which it escalates when it is time and nothing holds that back. */
    private Rung takesTurn(Proceedings proceedings, StepInspected event, Rung rung, OpenAnomaly anomaly) {
        Escalation escalation = rung.settings().escalation();
        if (escalation == null || !rung.hasTried(proceedings.memory(), anomaly, escalation)) {
            return rung;
        }
        return Optional.ofNullable(rungs.get(escalation.to()))
                .filter(other -> !other.pages())
                .filter(other -> obstacle(proceedings, event, other, anomaly).isEmpty())
                .orElse(rung);
    }

    private void command(Proceedings proceedings, StepInspected event, OpenAnomaly anomaly, Rung rung) {
        boolean enforced = policy.mode() == Mode.ENFORCE;
        State state = enforced ? State.SENT : State.NOT_SENT;
        InterventionCommand command = CommandDraft.answering(proceedings, event, anomaly, rung.settings());
        Before before = before(event.traces().get(rung.name()));
        int ranks = event.telemetry().getWorldSize();
        IssuedCommand issued = IssuedCommand.of(command, rung.name(), state, event.recentLoss(), before, ranks);
        proceedings.remember(memory -> memory.withCommand(issued));
        DecisionAction action = enforced ? DecisionAction.COMMAND : DecisionAction.WOULD_COMMAND;
        proceedings.decide(action, anomaly.id(), command.getId(), reason(rung, anomaly), anomaly.latest());
        if (enforced) {
            proceedings.publish(command);
        }
    }

    private String reason(Rung rung, OpenAnomaly anomaly) {
        String would = policy.mode() == Mode.ENFORCE ? "" : " (mode " + policy.mode() + ": recorded only)";
        return rung.name() + " answers " + anomaly.detector() + ": "
                + anomaly.latest().message() + would;
    }

    private static @Nullable Before before(@Nullable Trace trace) {
        return trace == null || Double.isNaN(trace.mean()) ? null : new Before(trace.mean(), trace.deviation());
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
