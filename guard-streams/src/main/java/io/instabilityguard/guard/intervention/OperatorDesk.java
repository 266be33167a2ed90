package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.intervention.Desk.Pause;
import io.instabilityguard.guard.operator.Instruction;
import io.instabilityguard.guard.operator.Instruction.Order;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Mode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Carries out what operators ask for, at the next step of the run and at most one command per step. An approval sends the proposed rung's command as it would be
 * at that step, and only if nothing holds it back by then. Everything asked for ends in a decision that names the operator.
 */
final class OperatorDesk {

    private static final long STALE_MS = 600_000;

    private final Mode mode;
    private final Map<String, Rung> rungs;
    private final Obstacles obstacles;
    private final Issuance issuance;

    OperatorDesk(Mode mode, Map<String, Rung> rungs, Obstacles obstacles, Issuance issuance) {
        this.mode = mode;
        this.rungs = rungs;
        this.obstacles = obstacles;
        this.issuance = issuance;
    }

    /** Declares open proposals void, because the trainer's life that they were about is over. */
    static void close(Proceedings proceedings) {
        for (OpenProposal proposal : proceedings.memory().desk().proposals()) {
            withdraw(proceedings, proposal, "a new generation of the trainer began");
        }
    }

    /**
     * Notes who holds the run now, drops proposals that nobody answered, and does what was asked for.
     *
     * @return whether this guard has just been granted a run that nobody held
     */
    boolean attend(Proceedings proceedings, StepInspected event) {
        boolean wasFree = proceedings.memory().desk().holder().isEmpty();
        noteHolder(proceedings, event);
        dropProposals(proceedings);
        if (!proceedings.memory().desk().inbox().isEmpty()) {
            emptyInbox(proceedings, event);
        }
        String held = proceedings.memory().desk().heldReason();
        return wasFree && proceedings.authority().obstacle(held).isEmpty();
    }

    private void dropProposals(Proceedings proceedings) {
        for (OpenProposal proposal : proceedings.memory().desk().proposals()) {
            if (proceedings.memory().openBy(proposal.anomalyId()).isEmpty()) {
                withdraw(proceedings, proposal, "its anomaly has cleared");
            } else if (proceedings.step() > proposal.expiresAtStep()) {
                withdraw(proceedings, proposal, "nobody answered by step " + proposal.expiresAtStep());
            } else if (mode != Mode.APPROVE) {
                withdraw(proceedings, proposal, "the mode is " + mode + " now");
            }
        }
    }

    private void emptyInbox(Proceedings proceedings, StepInspected event) {
        List<Instruction> waiting = new ArrayList<>(proceedings.memory().desk().inbox());
        while (!waiting.isEmpty() && !proceedings.hasCommanded()) {
            Instruction next = waiting.remove(0);
            proceedings.onBehalfOf(next.operator(), () -> carryOut(proceedings, event, next));
        }
        proceedings.remember(memory -> memory.withDesk(memory.desk().withInbox(waiting)));
    }

    private static void noteHolder(Proceedings proceedings, StepInspected event) {
        Desk desk = proceedings.memory().desk();
        String held =
                event.telemetry().getProcessRank() == 0 ? event.telemetry().getHeldReason() : desk.heldReason();
        String holder = proceedings.authority().holder(held);
        if (!desk.holder().isEmpty() && !desk.holder().equals(holder)) {
            String reason = "the run went from " + desk.holder() + " to "
                    + (holder.isEmpty()
                            ? "nobody"
                            : holder + ": " + proceedings.authority().reason(held));
            proceedings.decide(DecisionAction.LEASE, "", "", reason, null);
        }
        Desk changed = desk.heldBy(holder, held);
        if (!changed.equals(desk)) {
            proceedings.remember(memory -> memory.withDesk(changed));
        }
    }

    private void carryOut(Proceedings proceedings, StepInspected event, Instruction instruction) {
        if (!proceedings.authority().isInCharge()) {
            return;
        }
        long ageMs = proceedings.timestampMs() - instruction.timestampMs();
        if (instruction.generation() != proceedings.memory().generation()) {
            refuse(proceedings, instruction, "it is about generation " + instruction.generation());
        } else if (ageMs > STALE_MS) {
            refuse(proceedings, instruction, "it was asked for " + ageMs / 1_000 + " s before this step");
        } else {
            switch (instruction.kind()) {
                case APPROVE -> approve(proceedings, event, instruction);
                case DENY -> deny(proceedings, instruction);
                case SNOOZE -> snooze(proceedings, instruction);
                case SEND -> send(proceedings, event, instruction);
                case CANCEL -> cancel(proceedings, event, instruction);
                case UNKNOWN -> refuse(proceedings, instruction, "this guard does not know what it is");
            }
        }
    }

    private void approve(Proceedings proceedings, StepInspected event, Instruction instruction) {
        Optional<OpenProposal> open = proceedings.memory().desk().proposal(instruction.target());
        if (open.isEmpty()) {
            refuse(proceedings, instruction, "no such proposal is open");
            return;
        }
        OpenProposal proposal = open.get();
        Rung rung = rungs.get(proposal.rung());
        Optional<OpenAnomaly> anomaly = proceedings.memory().openBy(proposal.anomalyId());
        if (rung == null || anomaly.isEmpty()) {
            refuse(proceedings, instruction, "what it was proposed for is gone");
            return;
        }
        proceedings.remember(memory -> memory.withDesk(memory.desk().without(proposal)));
        Optional<Obstacle> obstacle =
                barrier(proceedings, instruction).or(() -> obstacles.of(proceedings, event, rung, anomaly.get()));
        if (obstacle.isPresent()) {
            proceedings.remember(memory -> memory.withDesk(memory.desk().with(proposal)));
            refuse(proceedings, instruction, obstacle.get().reason());
        } else {
            issuance.approved(proceedings, event, anomaly.get(), rung, proposal);
        }
    }

    private void deny(Proceedings proceedings, Instruction instruction) {
        Optional<OpenProposal> proposal = proceedings.memory().desk().proposal(instruction.target());
        if (proposal.isEmpty()) {
            refuse(proceedings, instruction, "no such proposal is open");
        } else {
            suspend(
                    proceedings,
                    instruction,
                    proposal.get().rung(),
                    cooldown(proposal.get().rung()));
        }
    }

    private void snooze(Proceedings proceedings, Instruction instruction) {
        String rung = proceedings
                .memory()
                .desk()
                .proposal(instruction.target())
                .map(OpenProposal::rung)
                .orElse(instruction.target());
        if (rungs.containsKey(rung)) {
            suspend(proceedings, instruction, rung, instruction.steps());
        } else {
            refuse(proceedings, instruction, "no proposal and no intervention has this name");
        }
    }

    private void send(Proceedings proceedings, StepInspected event, Instruction instruction) {
        Order order = instruction.order();
        if (order == null) {
            refuse(proceedings, instruction, "it says no command");
            return;
        }
        Optional<Rung> rung = rungs.values().stream()
                .filter(known -> known.settings().kind() == order.kind())
                .findFirst();
        Optional<Obstacle> obstacle = barrier(proceedings, instruction)
                .or(() -> order.force() ? Optional.empty() : excess(proceedings, event, order, rung));
        if (obstacle.isPresent()) {
            refuse(proceedings, instruction, obstacle.get().reason());
        } else if (proceedings
                .memory()
                .command(CommandDraft.idOf(proceedings, instruction, order))
                .isPresent()) {
            refuse(proceedings, instruction, "it was sent before");
        } else {
            issuance.ordered(proceedings, event, instruction, order, rung.orElse(null));
        }
    }

    private void cancel(Proceedings proceedings, StepInspected event, Instruction instruction) {
        Optional<IssuedCommand> target = proceedings.memory().command(instruction.target());
        Optional<Obstacle> obstacle = barrier(proceedings, instruction);
        if (target.isEmpty()) {
            refuse(proceedings, instruction, "no such command is known");
        } else if (!target.get().isUnanswered()) {
            refuse(proceedings, instruction, "the command is " + target.get().state() + " already");
        } else if (obstacle.isPresent()) {
            refuse(proceedings, instruction, obstacle.get().reason());
        } else {
            issuance.cancelled(proceedings, event, target.get(), instruction);
            String rung = target.get().rung();
            pause(proceedings, instruction, rung, cooldown(rung));
        }
    }

    /** What keeps an operator from acting on the run: somebody else who holds it. */
    private static Optional<Obstacle> barrier(Proceedings proceedings, Instruction instruction) {
        return proceedings.authority().obstacle(proceedings.memory().desk().heldReason(), instruction.operator());
    }

    /** By what an order goes beyond what the policy lets a rung of the same kind do. */
    private Optional<Obstacle> excess(Proceedings proceedings, StepInspected event, Order order, Optional<Rung> rung) {
        if (rung.isEmpty()) {
            return Obstacle.lasting("the policy has no " + order.kind() + " enabled; --force sends it all the same");
        }
        Set<String> beyond = new TreeSet<>(order.layers());
        Targets.of(rung.get().settings(), event.roster()).forEach(beyond::remove);
        boolean reaches = !rung.get().settings().reach().roles().isEmpty() && !beyond.isEmpty();
        return reaches
                ? Obstacle.lasting(rung.get().name() + " may not touch " + String.join(", ", beyond))
                : obstacles.ofItself(proceedings.memory(), event, rung.get());
    }

    private static void withdraw(Proceedings proceedings, OpenProposal proposal, String reason) {
        proceedings.remember(memory -> memory.withDesk(memory.desk().without(proposal)));
        String what = "the proposal of " + proposal.rung() + " is void: ";
        proceedings.decide(DecisionAction.NOTHING, proposal.anomalyId(), proposal.id(), what + reason, null);
    }

    private void suspend(Proceedings proceedings, Instruction instruction, String rung, long steps) {
        long until = pause(proceedings, instruction, rung, steps);
        String what = instruction.kind() + ": " + rung + " is suspended until step " + until;
        proceedings.decide(DecisionAction.OPERATOR, "", instruction.target(), because(what, instruction), null);
    }

    /** Suspends a rung and drops its proposals; the last step of the suspension. */
    private static long pause(Proceedings proceedings, Instruction instruction, String rung, long steps) {
        long until = proceedings.step() + steps;
        proceedings.memory().desk().proposals().stream()
                .filter(proposal -> proposal.rung().equals(rung))
                .forEach(proposal -> proceedings.remember(
                        memory -> memory.withDesk(memory.desk().without(proposal))));
        Pause pause = new Pause(until, instruction.operator());
        proceedings.remember(memory -> memory.withDesk(memory.desk().pausing(rung, pause)));
        return until;
    }

    private long cooldown(String rung) {
        Rung known = rungs.get(rung);
        return known == null ? 0 : known.settings().timing().cooldownSteps();
    }

    private static void refuse(Proceedings proceedings, Instruction instruction, String reason) {
        String what = instruction.kind() + " is refused, " + reason;
        proceedings.decide(DecisionAction.OPERATOR, "", instruction.target(), because(what, instruction), null);
    }

    private static String because(String what, Instruction instruction) {
        return instruction.reason().isBlank() ? what : what + " (" + instruction.reason() + ")";
    }
}
