package io.instabilityguard.evaluation.evidence;

import io.instabilityguard.evaluation.campaign.Departures;
import io.instabilityguard.evaluation.campaign.Plan;
import io.instabilityguard.evaluation.campaign.Plan.Cell;
import io.instabilityguard.evaluation.campaign.Plan.Role;
import io.instabilityguard.evaluation.campaign.RunRecord;
import io.instabilityguard.evaluation.campaign.RunRecord.Alarm;
import io.instabilityguard.evaluation.campaign.RunRecord.GuardPart;
import io.instabilityguard.evaluation.evidence.CellSummary.Half;
import io.instabilityguard.evaluation.history.Percentiles;
import io.instabilityguard.evaluation.statistics.Interval;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Condenses runs into cells and detectors.
 *
 * @param plan what the names mean
 * @param runs finished ones
 */
record Summaries(Plan plan, List<RunRecord> runs) {
    private static final double PER_STEPS = 10_000;

    /** The cells that have runs, in the order given. */
    List<CellSummary> cells(List<Cell> cells) {
        return cells.stream()
                .map(cell -> summary(cell, of(cell.scenario(), cell.method().name())))
                .filter(cell -> cell.runs() > 0)
                .toList();
    }

    private List<RunRecord> of(String scenario, String method) {
        return runs.stream()
                .filter(run -> run.key().scenario().equals(scenario)
                        && run.key().method().equals(method))
                .sorted(Comparator.comparingInt(run -> run.key().seed()))
                .toList();
    }

    private CellSummary summary(Cell cell, List<RunRecord> all) {
        boolean isHealthy = isTwin(cell.scenario());
        boolean countsAlarms = isHealthy && cell.method().isGuarded();
        return new CellSummary(
                cell.scenario(),
                cell.method().name(),
                cell.method().role(),
                isHealthy,
                half(all, run -> !run.isUnseen()),
                half(all, RunRecord::isUnseen),
                mean(all, run -> run.result().spikeScore()),
                (int) all.stream().filter(run -> run.result().gradientLabel()).count(),
                median(
                        all,
                        run -> number(
                                run.result().diverged() ? null : run.result().accuracy())),
                countsAlarms ? alarmsPer10k(all, alarm -> true) : null,
                countsAlarms ? alarmsPer10k(all, Alarm::acted) : null,
                interventions(all),
                guarded(all).stream().mapToInt(GuardPart::harmful).sum(),
                median(all, run -> run.result().secondsPerStep()),
                median(
                        all,
                        run -> number(run.guard() == null ? null : run.guard().hookMillis())),
                null);
    }

    private boolean isTwin(String scenario) {
        return plan.scenarios().stream().anyMatch(other -> scenario.equals(other.twin()));
    }

    private static Half half(List<RunRecord> all, Predicate<RunRecord> which) {
        List<TrainerResult> results =
                all.stream().filter(which).map(RunRecord::result).toList();
        int diverged = (int) results.stream().filter(TrainerResult::diverged).count();
        Interval interval = Interval.wilson(diverged, results.size());
        List<@Nullable Double> losses = new ArrayList<>();
        results.forEach(result -> losses.add(result.diverged() ? null : result.finalLoss()));
        return new Half(
                results.size(),
                diverged,
                Numbers.finite(interval.low()),
                Numbers.finite(interval.high()),
                (int) results.stream()
                        .filter(result -> !result.diverged() && !result.survived())
                        .count(),
                Numbers.finite(
                        Percentiles.of(losses.stream().filter(Objects::nonNull).toList())
                                .median()),
                losses);
    }

    private static List<GuardPart> guarded(List<RunRecord> all) {
        return all.stream().map(RunRecord::guard).filter(Objects::nonNull).toList();
    }

    private static @Nullable Double alarmsPer10k(List<RunRecord> all, Predicate<Alarm> which) {
        long steps = all.stream().mapToLong(run -> run.result().steps()).sum();
        long alarms = guarded(all).stream()
                .flatMap(guard -> guard.alarms().stream())
                .filter(which)
                .count();
        return Numbers.finite(alarms * PER_STEPS / steps);
    }

    private static Map<String, Double> interventions(List<RunRecord> all) {
        Map<String, Double> perRun = new TreeMap<>();
        for (GuardPart guard : guarded(all)) {
            guard.applied().forEach((kind, count) -> perRun.merge(kind, (double) count / all.size(), Double::sum));
        }
        return perRun;
    }

    private static @Nullable Double mean(List<RunRecord> all, ToDoubleFunction<RunRecord> value) {
        return Numbers.finite(all.stream()
                .mapToDouble(value)
                .filter(Double::isFinite)
                .average()
                .orElse(Double.NaN));
    }

    private static @Nullable Double median(List<RunRecord> all, ToDoubleFunction<RunRecord> value) {
        return Numbers.finite(
                Percentiles.of(all.stream().mapToDouble(value).boxed().toList()).median());
    }

    private static double number(@Nullable Double value) {
        return value == null ? Double.NaN : value;
    }

    /** How early each detector warns, where runs with tied hands were measured. */
    List<DetectorSummary> detectors() {
        Departures departures = new Departures(plan, runs);
        List<DetectorSummary> summaries = new ArrayList<>();
        for (Plan.Scenario scenario : plan.scenarios()) {
            List<RunRecord> observed = observed(scenario.name());
            if (!observed.isEmpty()) {
                List<RunRecord> twins = scenario.twin() == null ? List.of() : observed(scenario.twin());
                names(observed, twins)
                        .forEach(detector ->
                                summaries.add(summary(scenario.name(), detector, observed, twins, departures)));
            }
        }
        return summaries;
    }

    private List<RunRecord> observed(String scenario) {
        Set<String> observing = plan.methods().stream()
                .filter(method -> method.role() == Role.OBSERVE)
                .map(Plan.Method::name)
                .collect(Collectors.toSet());
        return runs.stream()
                .filter(run -> run.key().scenario().equals(scenario)
                        && observing.contains(run.key().method()))
                .toList();
    }

    private static List<String> names(List<RunRecord> observed, List<RunRecord> twins) {
        Set<String> names = new TreeSet<>();
        guarded(observed).forEach(guard -> guard.alarms().forEach(alarm -> names.add(alarm.detector())));
        guarded(twins).forEach(guard -> guard.alarms().forEach(alarm -> names.add(alarm.detector())));
        List<String> all = new ArrayList<>(List.of(DetectorSummary.ANY));
        all.addAll(names);
        return all;
    }

    private static DetectorSummary summary(
            String scenario, String detector, List<RunRecord> observed, List<RunRecord> twins, Departures departures) {
        Predicate<Alarm> which = alarm ->
                detector.equals(DetectorSummary.ANY) || alarm.detector().equals(detector);
        List<Double> leads = new ArrayList<>();
        int lost = 0;
        for (RunRecord run : observed) {
            int departed = departures.of(run).orElse(-1);
            lost += departed < 0 ? 0 : 1;
            Objects.requireNonNull(run.guard()).alarms().stream()
                    .filter(which)
                    .filter(alarm -> alarm.step() < departed)
                    .findFirst()
                    .ifPresent(alarm -> leads.add((double) departed - alarm.step()));
        }
        Percentiles percentiles = Percentiles.of(leads);
        return new DetectorSummary(
                scenario,
                detector,
                lost,
                leads.size(),
                Numbers.finite(percentiles.median()),
                Numbers.finite(percentiles.at(10)),
                twins.isEmpty() ? null : alarmsPer10k(twins, which));
    }
}
