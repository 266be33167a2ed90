package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.RunEvent.CommandAnswered;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.intervention.IssuedCommand.State;
import io.instabilityguard.guard.policy.InterventionPolicy;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.Mode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Decides what is done about open anomalies: a pure function of the policy, the run's memory and one event. The cause decides the action: each
 * rung of the ladder names the detectors that it answers. A rung commands when its detector fires and nothing holds it back (an unanswered
 * command, cooldown, budget, harm done before). At one step only one rung commands, the first in the order of the policy.
 */
final class InterventionLadder {

    private final Policy policy;
    private final AnomalyBook anomalies;
    private final CommandBook commands;

    InterventionLadder(Policy policy) {
        this.policy = policy;
        this.anomalies = new AnomalyBook(policy);
        this.commands = new CommandBook(policy.interventions());
    }

    /** What follows from a step. Nothing does from one that was not taken in. */
    Ruling on(RunMemory memory, StepInspected event) {
        Proceedings proceedings = Proceedings.on(policy.hash(), memory, event);
        if (event.arrival() == Arrival.NEW_GENERATION) {
            AnomalyBook.close(proceedings);
            proceedings.remember(old -> old.inGeneration(event.telemetry().getGeneration()));
        }
        anomalies.enter(proceedings, event.readings());
        commands.review(proceedings, event.usualLoss());
        policy.interventions().forEach((name, rung) -> {
            if (!proceedings.hasCommanded()) {
                climb(proceedings, event, name, rung);
            }
        });
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

    private void climb(Proceedings proceedings, StepInspected event, String name, InterventionPolicy rung) {
        Optional<OpenAnomaly> pressing = pressing(proceedings, name, rung);
        if (pressing.isEmpty()) {
            return;
        }
        OpenAnomaly anomaly = pressing.get();
        List<String> layers = event.roster().withRoles(rung.roles());
        Optional<String> obstacle = obstacle(proceedings, name, rung, layers);
        if (obstacle.isPresent()) {
            sayOnce(proceedings, anomaly, name, obstacle.get());
        } else {
            command(proceedings, anomaly, name, rung, layers, event.usualLoss());
        }
    }

    /** The anomaly that asks for this rung now: it fires, or it is open and the last command was not applied. */
    private static Optional<OpenAnomaly> pressing(Proceedings proceedings, String name, InterventionPolicy rung) {
        RunMemory memory = proceedings.memory();
        boolean mayAskAgain = lastIsNotApplied(memory, name);
        return rung.detectors().stream()
                .flatMap(detector -> memory.openOf(detector).stream())
                .filter(anomaly -> mayAskAgain || anomaly.lastFiringStep() == proceedings.step())
                .findFirst();
    }

    private static boolean lastIsNotApplied(RunMemory memory, String name) {
        List<IssuedCommand> before = memory.ofRung(name);
        return !before.isEmpty() && before.get(before.size() - 1).state() == State.NOT_APPLIED;
    }

    private static Optional<String> obstacle(
            Proceedings proceedings, String name, InterventionPolicy rung, List<String> layers) {
        RunMemory memory = proceedings.memory();
        List<IssuedCommand> before = memory.ofRung(name);
        int harm = memory.harmful().getOrDefault(name, 0);
        if (!rung.roles().isEmpty() && layers.isEmpty()) {
            return Optional.of("no matrix with a role of " + name + " is known");
        }
        if (rung.verdict().mostHarmful() > 0 && harm >= rung.verdict().mostHarmful()) {
            return Optional.of(name + " did harm " + harm + " times in this generation");
        }
        if (spent(before, proceedings.step()) >= rung.mostPer1000Steps()) {
            return Optional.of(name + " has used its budget of " + rung.mostPer1000Steps() + " per 1000 steps");
        }
        return before.isEmpty()
                ? Optional.empty()
                : waiting(proceedings.step(), name, rung, before.get(before.size() - 1));
    }

    private static Optional<String> waiting(long step, String name, InterventionPolicy rung, IssuedCommand last) {
        if (last.isUnanswered()) {
            return Optional.of(last.id() + " is not answered yet");
        }
        long until = last.stateStep() + pause(rung, last.state());
        return step > until ? Optional.empty() : Optional.of(name + " waits until after step " + until);
    }

    private static int pause(InterventionPolicy rung, State last) {
        return switch (last) {
            case NOT_APPLIED -> rung.retrySteps();
            case LOST -> -1;
            default -> rung.cooldownSteps();
        };
    }

    private static long spent(List<IssuedCommand> before, long step) {
        return before.stream()
                .filter(command -> command.decidedAtStep() > step - RunMemory.BUDGET_STEPS)
                .count();
    }

    private void command(
            Proceedings proceedings,
            OpenAnomaly anomaly,
            String name,
            InterventionPolicy rung,
            List<String> layers,
            double usualLoss) {
        boolean enforced = policy.mode() == Mode.ENFORCE;
        InterventionCommand command = build(proceedings, anomaly, rung, layers);
        State state = enforced ? State.SENT : State.NOT_SENT;
        proceedings.remember(memory -> memory.withCommand(IssuedCommand.of(command, name, state, usualLoss)));
        DecisionAction action = enforced ? DecisionAction.COMMAND : DecisionAction.WOULD_COMMAND;
        proceedings.decide(action, anomaly.id(), command.getId(), reason(name, anomaly), anomaly.latest());
        if (enforced) {
            proceedings.publish(command);
        }
    }

    private String reason(String name, OpenAnomaly anomaly) {
        String would = policy.mode() == Mode.ENFORCE ? "" : " (mode " + policy.mode() + ": recorded only)";
        return name + " answers " + anomaly.detector() + ": " + anomaly.latest().message() + would;
    }

    private InterventionCommand build(
            Proceedings proceedings, OpenAnomaly anomaly, InterventionPolicy rung, List<String> layers) {
        RunMemory memory = proceedings.memory();
        long step = proceedings.step();
        return InterventionCommand.newBuilder()
                .setId(commandId(proceedings, rung))
                .setRun(memory.run())
                .setGeneration(memory.generation())
                .setKind(rung.kind())
                .setLayers(layers)
                .setParameters(rung.parameters())
                .setDecidedAtStep(step)
                .setApplyAtStep(step + rung.leadSteps())
                .setExpiresAtStep(step + rung.leadSteps() + rung.validSteps())
                .setExpectedEffect(rung.expectedEffect())
                .setPolicyHash(proceedings.policyHash())
                .setAnomalyId(anomaly.id())
                .setEvidence(proceedings.evidence(anomaly.latest()))
                .setTimestampMs(proceedings.timestampMs())
                .build();
    }

    private static String commandId(Proceedings proceedings, InterventionPolicy rung) {
        RunMemory memory = proceedings.memory();
        return String.join(
                "/", memory.run(), "" + memory.generation(), rung.kind().name(), "" + proceedings.step());
    }

    /** Doing nothing is a decision too, but the same reason is not repeated at every step. */
    private static void sayOnce(Proceedings proceedings, OpenAnomaly anomaly, String name, String reason) {
        String about = anomaly.id() + "/" + name;
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
        proceedings.remember(memory -> {
            Map<String, String> said = new TreeMap<>(memory.said());
            said.keySet()
                    .removeIf(about -> memory.open().stream().noneMatch(open -> about.startsWith(open.id() + "/")));
            return memory.withSaid(said);
        });
    }
}
