package io.instabilityguard.evaluation.chaos.violation;

import io.instabilityguard.schemas.InterventionCommand;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Looks at everything that a trial left behind, once all of it has been read. Topics and acknowledgements are looked at from the first trial on, so that what a
 * trial does to an earlier one is found too; each violation is told once.
 */
public final class TrialCheck {
    private final TopicReading reading;
    private final Set<Violation> told = new HashSet<>();
    private final MarkedRecords marked = new MarkedRecords();
    private final Set<String> ended = new HashSet<>();

    /** Checks trials on these topics, one after the other. */
    public TrialCheck(TopicReading reading) {
        this.reading = reading;
    }

    /**
     * What was found, and on how much it rests.
     *
     * @param commands made for the runs of the trial
     * @param applications of commands by ranks, as they say themselves
     * @param telemetry records of the runs
     * @param longestWaitMs the longest call of {@code guard.step}
     */
    public record Result(
            List<Violation> violations, int commands, int applications, int telemetry, double longestWaitMs) {}

    /**
     * Looks at one trial, as far as it has been read.
     *
     * @param runs of the trial
     * @param acknowledgements of all sidecars so far
     * @param poison places in the topic of telemetry that poison was written to so far
     */
    public Result look(List<RunFacts> runs, List<Acknowledgement> acknowledgements, Set<String> poison) {
        marked.enter(reading.takeWritten());
        List<Violation> found = new ArrayList<>(marked.compare(acknowledgements));
        found.addAll(DeadLetterCheck.of(poison, reading.deadLetters(), reading.unreadable()));
        found.addAll(lateCommands());
        runs.forEach(run -> found.addAll(check(run, reading.of(run.run()), poison)));
        found.removeIf(told::contains);
        return result(runs, found);
    }

    /** Takes the last look at a trial for what there is to say of it, and forgets its runs. */
    public void conclude(List<RunFacts> runs, Result result) {
        told.addAll(result.violations());
        runs.forEach(run -> {
            reading.forget(run.run());
            ended.add(run.run());
        });
    }

    /** All that is wrong with one run. */
    static List<Violation> check(RunFacts run, RunRecords records, Set<String> poison) {
        List<Violation> found = new ArrayList<>();
        Map<String, InterventionCommand> commands = new LinkedHashMap<>();
        records.commands()
                .forEach(message -> commands.putIfAbsent(message.value().getId(), message.value()));
        found.addAll(DecisionCheck.of(run.run(), records.decisions(), records.commands()));
        found.addAll(CommandCheck.of(run, commands));
        found.addAll(OutcomeCheck.of(run, records.outcomes()));
        found.addAll(TelemetryCheck.of(
                run,
                records.telemetry().stream()
                        .filter(message -> !poison.contains(message.place()))
                        .toList()));
        found.addAll(TrainingCheck.of(run));
        run.logs().forEach(log -> found.addAll(WeightCheck.of(run, log, commands)));
        return found;
    }

    /** Commands for runs that had ended, and been checked, before. */
    private List<Violation> lateCommands() {
        return ended.stream()
                .filter(run -> !reading.of(run).commands().isEmpty())
                .map(run -> new Violation(Invariant.APPLIED_IN_TIME, run, "a command was made after its end"))
                .toList();
    }

    private Result result(List<RunFacts> runs, List<Violation> found) {
        int commands = 0;
        int applications = 0;
        int telemetry = 0;
        double longest = 0;
        for (RunFacts run : runs) {
            RunRecords records = reading.of(run.run());
            commands += records.commands().size();
            telemetry += records.telemetry().size();
            applications += run.logs().stream()
                    .flatMap(log -> log.steps().stream())
                    .mapToInt(step -> step.applied().size())
                    .sum();
            longest = Math.max(longest, TrainingCheck.longestWaitMs(run));
        }
        return new Result(List.copyOf(found), commands, applications, telemetry, longest);
    }
}
