package io.instabilityguard.evaluation.chaos.violation;

import io.instabilityguard.evaluation.chaos.violation.RankLog.Applied;
import io.instabilityguard.schemas.InterventionCommand;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Commands are applied once, in time, in their generation, and at one step on all ranks or on none. */
final class CommandCheck {
    private final RunFacts facts;
    private final Map<String, InterventionCommand> commands;
    private final List<Violation> found = new ArrayList<>();

    private CommandCheck(RunFacts facts, Map<String, InterventionCommand> commands) {
        this.facts = facts;
        this.commands = commands;
    }

    /** What the ranks' own logs say against the commands of the topic. */
    static List<Violation> of(RunFacts facts, Map<String, InterventionCommand> commands) {
        CommandCheck check = new CommandCheck(facts, commands);
        Map<Integer, Set<String>> seen = new HashMap<>();
        facts.logs().forEach(log -> check.applications(log, seen.computeIfAbsent(log.rank(), rank -> new HashSet<>())));
        facts.logs().stream().map(RankLog::generation).distinct().forEach(check::together);
        return check.found;
    }

    private void applications(RankLog log, Set<String> seen) {
        for (RankLog.Step step : log.steps()) {
            for (Applied applied : step.applied()) {
                if (!seen.add(applied.id())) {
                    complain(
                            Invariant.APPLIED_TOGETHER,
                            applied.id() + " was applied again by " + log.name() + " at " + step.step());
                }
                inTime(log, step.step(), applied);
            }
        }
    }

    private void inTime(RankLog log, long step, Applied applied) {
        String what = applied.id() + ", applied by " + log.name() + " at step " + step;
        InterventionCommand command = commands.get(applied.id());
        if (command == null) {
            complain(Invariant.APPLIED_IN_TIME, what + ", is not in the topic of commands");
            return;
        }
        if (command.getGeneration() != log.generation()) {
            complain(Invariant.APPLIED_IN_TIME, what + ", is for generation " + command.getGeneration());
        }
        if (step < command.getApplyAtStep() || step > command.getExpiresAtStep()) {
            complain(
                    Invariant.APPLIED_IN_TIME,
                    what + ", is for steps " + command.getApplyAtStep() + " to " + command.getExpiresAtStep());
        }
        if (step % facts.agreeEvery() != 0 || applied.step() != step) {
            complain(
                    Invariant.APPLIED_IN_TIME,
                    what + ", was not applied at a boundary, or was told for step " + applied.step());
        }
    }

    private void together(long generation) {
        List<RankLog> logs = facts.logs().stream()
                .filter(log -> log.generation() == generation)
                .toList();
        Map<String, Map<Integer, Long>> stepsById = new TreeMap<>();
        for (RankLog log : logs) {
            log.steps()
                    .forEach(step -> step.applied()
                            .forEach(applied -> stepsById
                                    .computeIfAbsent(applied.id(), id -> new TreeMap<>())
                                    .put(log.rank(), step.step())));
        }
        stepsById.forEach((id, steps) -> together(id, steps, logs));
        sameWeights(logs);
    }

    /** A rank that was killed before it passed the step has no weights any more. */
    private void together(String id, Map<Integer, Long> steps, List<RankLog> logs) {
        long first = new TreeSet<>(steps.values()).first();
        for (RankLog log : logs) {
            long at = steps.getOrDefault(log.rank(), -1L);
            boolean passed = log.lastStep() >= first || log.end() != null;
            if (at != first && (at >= 0 || passed)) {
                complain(
                        Invariant.APPLIED_TOGETHER,
                        id + " was applied at step " + first + " elsewhere, and " + (at < 0 ? "never" : "at step " + at)
                                + " by " + log.name() + ", which passed step " + log.lastStep());
            }
        }
    }

    private void sameWeights(List<RankLog> logs) {
        Map<Long, Long> sums = new HashMap<>();
        for (RankLog log : logs) {
            for (RankLog.Step step : log.steps()) {
                Long other = sums.putIfAbsent(step.step(), step.crc());
                if (other != null && other != step.crc()) {
                    complain(
                            Invariant.APPLIED_TOGETHER,
                            log.name() + " went into step " + step.step() + " with other weights than another rank");
                    return;
                }
            }
        }
    }

    private void complain(Invariant invariant, String text) {
        found.add(new Violation(invariant, facts.run(), text));
    }
}
