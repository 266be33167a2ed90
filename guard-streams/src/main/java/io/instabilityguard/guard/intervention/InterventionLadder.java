package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.RunEvent.CommandAnswered;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.intervention.IssuedCommand.State;
import io.instabilityguard.guard.policy.InterventionPolicy;
import io.instabilityguard.guard.policy.InterventionPolicy.Escalation;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.Mode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Decides what is done about open anomalies: a pure function of the policy, the run's memory and one event. The cause decides the action: each
 * rung of the ladder names the detectors that it answers. A rung commands when its detector fires and nothing holds it back (see {@link Rung#obstacle});
 * when it has done so often enough without end, another rung takes one turn. At one step only one rung commands, the first in the order of the policy.
 */
final class InterventionLadder {

    private final Policy policy;
    private final AnomalyBook anomalies;
    private final CommandBook commands;
    private final List<Rung> rungs = new ArrayList<>();

    InterventionLadder(Policy policy) {
        this.policy = policy;
        this.anomalies = new AnomalyBook(policy);
        this.commands = new CommandBook(policy.interventions());
        policy.interventions().forEach((name, settings) -> rungs.add(new Rung(name, settings)));
    }

    /** What follows from a new step. */
    Ruling on(RunMemory memory, StepInspected event) {
        Proceedings proceedings = Proceedings.on(policy.hash(), memory, event);
        if (event.arrival() == Arrival.NEW_GENERATION) {
            AnomalyBook.close(proceedings);
            proceedings.remember(old -> old.inGeneration(event.telemetry().getGeneration()));
        }
        anomalies.enter(proceedings, event.readings());
        commands.review(proceedings, event.recentLoss());
        rungs.stream().takeWhile(rung -> !proceedings.hasCommanded()).forEach(rung -> climb(proceedings, event, rung));
        forgetReasonsOfClosed(proceedings);
        return proceedings.ruling();
    }

    /** What follows from a sidecar's answer. Nothing does from one about another generation. */
    Ruling on(RunMemory memory, CommandAnswered event) {
        Proceedings proceedings = Proceedings.on(policy.hash(), memory, event.outcome());
        if (event.outcome().getGeneration() == memory.generation()) {
            CommandBook.enter(proceedings, event.outcome());
        }
        return proceedings.ruling();
    }

    private void climb(Proceedings proceedings, StepInspected event, Rung rung) {
        Optional<OpenAnomaly> pressing = rung.pressing(proceedings.memory(), proceedings.step());
        if (pressing.isEmpty()) {
            return;
        }
        Optional<String> obstacle = obstacle(proceedings, event, rung);
        if (obstacle.isPresent()) {
            sayOnce(proceedings, pressing.get(), rung, obstacle.get());
        } else {
            command(proceedings, event, pressing.get(), takesTurn(proceedings, event, rung, pressing.get()));
        }
    }

    private static Optional<String> obstacle(Proceedings proceedings, StepInspected event, Rung rung) {
        return rung.obstacle(proceedings.memory(), proceedings.step(), event.roster());
    }

    /** The rung itself, or the one to which it escalates when it is time and nothing holds that back. */
    private Rung takesTurn(Proceedings proceedings, StepInspected event, Rung rung, OpenAnomaly anomaly) {
        Escalation escalation = rung.settings().escalation();
        if (escalation == null || !rung.hasTried(proceedings.memory(), anomaly, escalation)) {
            return rung;
        }
        return rungs.stream()
                .filter(other -> other.name().equals(escalation.to()))
                .filter(other -> obstacle(proceedings, event, other).isEmpty())
                .findFirst()
                .orElse(rung);
    }

    private void command(Proceedings proceedings, StepInspected event, OpenAnomaly anomaly, Rung rung) {
        boolean enforced = policy.mode() == Mode.ENFORCE;
        State state = enforced ? State.SENT : State.NOT_SENT;
        InterventionCommand command = build(proceedings, event, anomaly, rung.settings());
        proceedings.remember(
                memory -> memory.withCommand(IssuedCommand.of(command, rung.name(), state, event.recentLoss())));
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

    private static InterventionCommand build(
            Proceedings proceedings, StepInspected event, OpenAnomaly anomaly, InterventionPolicy settings) {
        RunMemory memory = proceedings.memory();
        long step = proceedings.step();
        long applyAtStep = step + settings.leadSteps();
        return InterventionCommand.newBuilder()
                .setId(String.join(
                        "/",
                        memory.run(),
                        "" + memory.generation(),
                        settings.kind().name(),
                        "" + step))
                .setRun(memory.run())
                .setGeneration(memory.generation())
                .setKind(settings.kind())
                .setLayers(event.roster().withRoles(settings.roles()))
                .setParameters(settings.parameters())
                .setDecidedAtStep(step)
                .setApplyAtStep(applyAtStep)
                .setExpiresAtStep(applyAtStep + settings.validSteps())
                .setExpectedEffect(settings.expectedEffect())
                .setPolicyHash(proceedings.policyHash())
                .setAnomalyId(anomaly.id())
                .setEvidence(proceedings.evidence(anomaly.latest()))
                .setTimestampMs(proceedings.timestampMs())
                .build();
    }

    /** Doing nothing is a decision too, but the same reason is not repeated at every step. */
    private static void sayOnce(Proceedings proceedings, OpenAnomaly anomaly, Rung rung, String reason) {
        String about = anomaly.id() + "/" + rung.name();
        if (reason.equals(proceedings.memory().said().get(about))) {
            return;
        }
        proceedings.decide(DecisionAction.NOTHING, anomaly.id(), "", reason, anomaly.latest());
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
