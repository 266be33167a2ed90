package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.operator.Instruction;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What lies between the guard and the people around one run.
 *
 * @param proposals commands that wait for an operator, oldest first
 * @param pauses interventions that an operator has suspended, by name
 * @param inbox what operators asked for since the last step, in the order of the topic
 * @param heldReason why the training program holds its run itself; empty when it does not
 * @param holder who may act on the run, as last recorded
 */
record Desk(
        List<OpenProposal> proposals,
        Map<String, Pause> pauses,
        List<Instruction> inbox,
        String heldReason,
        String holder) {

    /** Nothing. */
    static final Desk EMPTY = new Desk(List.of(), Map.of(), List.of(), "", "");

    /** Instructions that wait at most; a run that takes no step takes none. */
    static final int MOST_INSTRUCTIONS = 100;

    Desk {
        proposals = List.copyOf(proposals);
        pauses = Collections.unmodifiableMap(new TreeMap<>(pauses));
        inbox = List.copyOf(inbox);
    }

    /** Until which step an intervention is suspended, by whom. */
    record Pause(long untilStep, String operator) {}

    /** What is left in a new generation of the trainer: nothing that names its steps. */
    Desk inGeneration() {
        return new Desk(List.of(), Map.of(), inbox, "", holder);
    }

    Desk with(OpenProposal proposal) {
        return withProposals(
                Stream.concat(proposals.stream(), Stream.of(proposal)).toList());
    }

    Desk without(OpenProposal proposal) {
        return withProposals(proposals.stream()
                .filter(open -> !open.id().equals(proposal.id()))
                .toList());
    }

    Desk pausing(String rung, Pause pause) {
        Map<String, Pause> changed = new TreeMap<>(pauses);
        changed.put(rung, pause);
        return new Desk(proposals, changed, inbox, heldReason, holder);
    }

    /** One more instruction; the same one once. */
    Desk receiving(Instruction instruction) {
        boolean isKnown = inbox.stream().anyMatch(waiting -> waiting.id().equals(instruction.id()));
        return isKnown || inbox.size() >= MOST_INSTRUCTIONS
                ? this
                : withInbox(
                        Stream.concat(inbox.stream(), Stream.of(instruction)).toList());
    }

    Desk withInbox(List<Instruction> instructions) {
        return new Desk(proposals, pauses, instructions, heldReason, holder);
    }

    Desk heldBy(String newHolder, String newHeldReason) {
        return new Desk(proposals, pauses, inbox, newHeldReason, newHolder);
    }

    /** The open proposal with this id. */
    Optional<OpenProposal> proposal(String id) {
        return proposals.stream().filter(open -> open.id().equals(id)).findFirst();
    }

    /** What keeps a rung from answering a detector: an operator who said no, or one who has still to say yes. */
    Optional<Obstacle> obstacle(String rung, String detector, long step) {
        Pause pause = pauses.get(rung);
        if (pause != null && step <= pause.untilStep()) {
            return Obstacle.passing(rung + " is suspended by " + pause.operator() + " until step " + pause.untilStep());
        }
        return proposals.stream()
                .filter(open -> open.rung().equals(rung) || open.detector().equals(detector))
                .findFirst()
                .flatMap(open ->
                        Obstacle.passing(open.id() + " waits for an operator until step " + open.expiresAtStep()));
    }

    private Desk withProposals(List<OpenProposal> changed) {
        return new Desk(changed, pauses, inbox, heldReason, holder);
    }
}
