package io.instabilityguard.evaluation.failover;

import io.instabilityguard.evaluation.history.RunListener;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Counts what is on the topics: one command for every run, and decisions numbered from 0 without gap or repetition, each naming the one before. */
final class FailoverAudit implements RunListener {
    private final FailoverPlan plan;
    private final Map<String, List<Arrived>> commands = new TreeMap<>();
    private final Map<String, List<Decision>> decisions = new TreeMap<>();

    FailoverAudit(FailoverPlan plan) {
        this.plan = plan;
    }

    /** A command and when it was read, by {@link System#nanoTime}. */
    private record Arrived(InterventionCommand command, long nanos) {}

    @Override
    public synchronized void onCommand(InterventionCommand command) {
        commands.computeIfAbsent(command.getRun(), run -> new ArrayList<>())
                .add(new Arrived(command, System.nanoTime()));
    }

    @Override
    public synchronized void onDecision(Decision decision) {
        decisions.computeIfAbsent(decision.getRun(), run -> new ArrayList<>()).add(decision);
    }

    /** Runs that have not been answered by the command for their spike. */
    synchronized long lost() {
        long lost = 0;
        for (int run = 0; run < plan.runs(); run++) {
            int spike = plan.spikeStep(run);
            boolean answered = commands.getOrDefault(FailoverPlan.name(run), List.of()).stream()
                    .anyMatch(each -> each.command().getDecidedAtStep() == spike);
            lost += answered ? 0 : 1;
        }
        return lost;
    }

    /** Commands beyond the first of each run. */
    synchronized long doubled() {
        return commands.values().stream().mapToLong(each -> each.size() - 1).sum();
    }

    /** Decisions that do not follow on the one before in their run's chain. */
    synchronized long brokenLinks() {
        return decisions.values().stream().mapToLong(FailoverAudit::brokenLinks).sum();
    }

    private static long brokenLinks(List<Decision> ofRun) {
        long broken = 0;
        String previous = "";
        for (int i = 0; i < ofRun.size(); i++) {
            Decision decision = ofRun.get(i);
            boolean follows =
                    decision.getSequence() == i && decision.getPreviousHash().equals(previous);
            broken += follows ? 0 : 1;
            previous = decision.getHash();
        }
        return broken;
    }

    /**
     * When the first command was read that answers telemetry sent after the kill, which only the standby can have seen.
     *
     * @param killStep last step sent before the kill
     * @return {@link System#nanoTime}, or {@link Long#MAX_VALUE} while there is none
     */
    synchronized long firstAfter(int killStep) {
        return commands.values().stream()
                .flatMap(List::stream)
                .filter(each -> each.command().getDecidedAtStep() > killStep)
                .mapToLong(Arrived::nanos)
                .min()
                .orElse(Long.MAX_VALUE);
    }
}
