package io.instabilityguard.guard.intervention;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All that the guard remembers of its own doings with one run. Immutable; stored whenever it changes.
 *
 * @param run run id
 * @param generation generation that the rest (but for the chain of decisions) is about
 * @param decisions decisions made so far in the run: the sequence number of the next
 * @param chainHash hash of the last decision; empty before the first
 * @param commandsIssued commands issued in this generation
 * @param open open anomalies in the order of raising
 * @param issued recent commands, oldest first
 * @param standings per detector with a ladder: how high it stands
 * @param said per open anomaly's id and rung: why nothing was done when this was last recorded
 * @param desk what lies between the guard and the people around the run
 */
record RunMemory(
        String run,
        long generation,
        long decisions,
        String chainHash,
        long commandsIssued,
        List<OpenAnomaly> open,
        List<IssuedCommand> issued,
        Map<String, Standing> standings,
        Map<String, String> said,
        Desk desk) {

    /** Steps that budgets look back. */
    static final int BUDGET_STEPS = 1_000;

    RunMemory {
        open = List.copyOf(open);
        issued = List.copyOf(issued);
        standings = standings == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(standings));
        said = Collections.unmodifiableMap(new TreeMap<>(said));
        desk = desk == null ? Desk.EMPTY : desk;
    }

    /** Nothing yet. */
    static RunMemory of(String run, long generation) {
        return new RunMemory(run, generation, 0, "", 0, List.of(), List.of(), Map.of(), Map.of(), Desk.EMPTY);
    }

    /** A new life of the trainer: only the chain of decisions goes on, and what operators asked for. */
    RunMemory inGeneration(long newGeneration) {
        return new RunMemory(
                run,
                newGeneration,
                decisions,
                chainHash,
                0,
                List.of(),
                List.of(),
                Map.of(),
                Map.of(),
                desk.inGeneration());
    }

    RunMemory withDecision(String hash) {
        return new RunMemory(run, generation, decisions + 1, hash, commandsIssued, open, issued, standings, said, desk);
    }

    RunMemory withOpen(List<OpenAnomaly> anomalies) {
        return new RunMemory(
                run, generation, decisions, chainHash, commandsIssued, anomalies, issued, standings, said, desk);
    }

    RunMemory withDesk(Desk changed) {
        return new RunMemory(
                run, generation, decisions, chainHash, commandsIssued, open, issued, standings, said, changed);
    }

    /** The same after steps that were not seen: what counts quiet steps does not count them. */
    RunMemory pausedFor(long steps) {
        Map<String, Standing> paused = new TreeMap<>(standings);
        paused.replaceAll((detector, standing) -> standing.pausedFor(steps));
        List<OpenAnomaly> later =
                open.stream().map(anomaly -> anomaly.pausedFor(steps)).toList();
        return new RunMemory(run, generation, decisions, chainHash, commandsIssued, later, issued, paused, said, desk);
    }

    RunMemory withSaid(Map<String, String> reasons) {
        return new RunMemory(
                run, generation, decisions, chainHash, commandsIssued, open, issued, standings, reasons, desk);
    }

    /** One more command; those that neither budget nor verdict needs any more are forgotten. */
    RunMemory withCommand(IssuedCommand command) {
        long before = command.decidedAtStep() - BUDGET_STEPS;
        List<IssuedCommand> kept = Stream.concat(
                        issued.stream().filter(old -> old.decidedAtStep() > before || isLastOfRung(old)),
                        Stream.of(command))
                .toList();
        long count = commandsIssued + (command.isUnanswered() ? 1 : 0);
        return new RunMemory(run, generation, decisions, chainHash, count, open, kept, standings, said, desk);
    }

    private boolean isLastOfRung(IssuedCommand command) {
        List<IssuedCommand> ofRung = ofRung(command.rung());
        return !ofRung.isEmpty() && ofRung.get(ofRung.size() - 1).equals(command);
    }

    /** The ladder of a detector at another height; null for the foot, where it needs no memory. */
    RunMemory withStanding(String detector, @Nullable Standing standing) {
        Map<String, Standing> changed = new TreeMap<>(standings);
        if (standing == null) {
            changed.remove(detector);
        } else {
            changed.put(detector, standing);
        }
        return new RunMemory(run, generation, decisions, chainHash, commandsIssued, open, issued, changed, said, desk);
    }

    /** Cost of all commands of the last 1,000 steps, in steps of this many milliseconds (NaN when unknown: then only steps trained again count). */
    double stepEquivalents(long step, double stepMillis) {
        return issued.stream()
                .filter(command -> command.decidedAtStep() > step - BUDGET_STEPS)
                .mapToDouble(command -> command.stepEquivalents(stepMillis))
                .sum();
    }

    /** The command with this id changed. */
    RunMemory withChanged(String commandId, UnaryOperator<IssuedCommand> change) {
        List<IssuedCommand> changed = issued.stream()
                .map(command -> command.id().equals(commandId) ? change.apply(command) : command)
                .toList();
        return new RunMemory(
                run, generation, decisions, chainHash, commandsIssued, open, changed, standings, said, desk);
    }

    Optional<OpenAnomaly> openOf(String detector) {
        return open.stream()
                .filter(anomaly -> anomaly.detector().equals(detector))
                .findFirst();
    }

    /** The open anomaly with this id. */
    Optional<OpenAnomaly> openBy(String id) {
        return open.stream().filter(anomaly -> anomaly.id().equals(id)).findFirst();
    }

    Optional<IssuedCommand> command(String id) {
        return issued.stream().filter(command -> command.id().equals(id)).findFirst();
    }

    /** Boundary of the first command that the same rung gave for the same anomaly. */
    long firstBoundary(IssuedCommand command) {
        return ofRung(command.rung()).stream()
                .filter(other -> other.anomalyId().equals(command.anomalyId()))
                .mapToLong(IssuedCommand::stateStep)
                .min()
                .orElse(command.stateStep());
    }

    /** Commands of one rung, oldest first, rollbacks not among them. */
    List<IssuedCommand> ofRung(String rung) {
        return issued.stream()
                .filter(command -> command.rung().equals(rung) && !command.isRollback())
                .toList();
    }
}
