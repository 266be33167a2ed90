package io.instabilityguard.evaluation.evidence;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.evaluation.campaign.Plan;
import io.instabilityguard.evaluation.signals.SignalScore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A report made before. What it counted and the store has no longer (it lies on the machine that ran the campaign) stays in
 * the next report and is marked; what was measured again replaces it.
 *
 * @param plan gives the order
 * @param evidence that was reported
 */
record EarlierReport(Plan plan, Evidence evidence) {
    private static final ObjectMapper JSON =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /** The one in this file; empty when there is none. */
    static Optional<EarlierReport> read(Plan plan, Path file) {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new EarlierReport(plan, JSON.readValue(file.toFile(), Evidence.class)));
        } catch (IOException e) {
            throw UserError.usage(file + " is not a report that could be carried on (" + e.getMessage()
                    + "): remove it, or name another folder with --report");
        }
    }

    /** Its cells and those measured now, in the plan's order; of two for the same, the new one unless it has fewer runs. */
    List<CellSummary> with(List<CellSummary> measured) {
        Map<List<String>, CellSummary> cells = new LinkedHashMap<>();
        evidence.cells()
                .forEach(cell -> cells.put(
                        name(cell), cell.keptFrom(evidence.provenance().commit())));
        measured.forEach(cell -> cells.merge(name(cell), cell, (kept, now) -> now.runs() < kept.runs() ? kept : now));
        List<String> scenarios = scenarios();
        List<String> methods = methods();
        return cells.values().stream()
                .sorted(Comparator.<CellSummary>comparingInt(cell -> scenarios.indexOf(cell.scenario()))
                        .thenComparingInt(cell -> methods.indexOf(cell.method())))
                .toList();
    }

    private static List<String> name(CellSummary cell) {
        return List.of(cell.scenario(), cell.method());
    }

    /** Each scenario followed by its twin. */
    private List<String> scenarios() {
        return plan.scenarios().stream()
                .flatMap(scenario -> Stream.concat(Stream.of(scenario.name()), Stream.ofNullable(scenario.twin())))
                .distinct()
                .toList();
    }

    private List<String> methods() {
        return plan.methods().stream().map(Plan.Method::name).toList();
    }

    /** Its detectors in scenarios for which there are no new ones, and the new ones. */
    List<DetectorSummary> withDetectors(List<DetectorSummary> measured) {
        List<DetectorSummary> all = new ArrayList<>(measured);
        evidence.detectors().stream()
                .filter(kept ->
                        measured.stream().noneMatch(now -> now.scenario().equals(kept.scenario())))
                .forEach(all::add);
        List<String> scenarios = scenarios();
        all.sort(Comparator.comparingInt(detector -> scenarios.indexOf(detector.scenario())));
        return all;
    }

    /** Its scores unless there are new ones. */
    List<SignalScore> withSignals(List<SignalScore> measured) {
        return measured.isEmpty() ? evidence.signals() : measured;
    }

    /** Commits that made runs, for it and now. */
    List<String> withCommits(List<String> now) {
        TreeSet<String> commits = new TreeSet<>(evidence.provenance().runCommits());
        commits.addAll(now);
        return List.copyOf(commits);
    }
}
