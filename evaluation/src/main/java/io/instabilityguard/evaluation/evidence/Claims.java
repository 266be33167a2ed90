package io.instabilityguard.evaluation.evidence;

import io.instabilityguard.evaluation.campaign.Plan;
import io.instabilityguard.evaluation.campaign.Plan.Role;
import io.instabilityguard.evaluation.evidence.CellSummary.Half;
import io.instabilityguard.evaluation.evidence.Evidence.Claim;
import io.instabilityguard.evaluation.signals.SignalScore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Judges what was promised, on unseen (odd) seeds, wherever the cells that it takes were measured. The best rival of a
 * scenario is the rival or control with the fewest lost runs and, among equals, the lowest median final loss.
 */
record Claims(Plan plan, List<CellSummary> cells) {
    private static final double LOSS_MARGIN = 0.01;
    private static final double REMEDY_MARGIN = 0.02;
    private static final double ACTING_ALARMS = 1;
    private static final Map<Integer, Double> SIGNALS = new TreeMap<>(Map.of(5, 0.90, 50, 0.85));
    private static final int LEAST_LOST = 20;

    List<Claim> all() {
        List<Claim> claims = new ArrayList<>();
        for (Plan.Scenario scenario : plan.scenarios()) {
            againstBestRival(scenario.name()).ifPresent(claims::addAll);
            againstRemedy(scenario).ifPresent(claims::add);
        }
        cells.stream()
                .filter(cell -> cell.isHealthy() && cell.role() == Role.GUARD)
                .forEach(cell -> healthy(cell, claims));
        return claims;
    }

    private Optional<List<Claim>> againstBestRival(String scenario) {
        Optional<CellSummary> guard =
                unseen(scenario).filter(cell -> cell.role() == Role.GUARD).findFirst();
        Optional<CellSummary> rival = unseen(scenario)
                .filter(cell -> cell.role() == Role.RIVAL || cell.role() == Role.CONTROL)
                .min(Comparator.<CellSummary>comparingDouble(
                                cell -> cell.unseen().lostRate())
                        .thenComparingDouble(cell -> loss(cell.unseen())));
        return guard.isEmpty() || rival.isEmpty() ? Optional.empty() : Optional.of(compare(guard.get(), rival.get()));
    }

    private Stream<CellSummary> unseen(String scenario) {
        return cells.stream()
                .filter(cell ->
                        cell.scenario().equals(scenario) && cell.unseen().runs() > 0);
    }

    private static double loss(Half half) {
        Double median = half.medianFinalLoss();
        return median == null ? Double.POSITIVE_INFINITY : median;
    }

    private static List<Claim> compare(CellSummary guard, CellSummary rival) {
        Half ours = guard.unseen();
        Half theirs = rival.unseen();
        Claim lost = new Claim(
                ours.lostRate() <= theirs.lostRate(),
                "%s: lost under the guard %d of %d, under the best rival (%s) %d of %d"
                        .formatted(
                                guard.scenario(),
                                ours.lost(),
                                ours.runs(),
                                rival.method(),
                                theirs.lost(),
                                theirs.runs()));
        if (theirs.medianFinalLoss() == null) {
            return List.of(lost);
        }
        double excess = loss(ours) / loss(theirs) - 1;
        return List.of(
                lost,
                new Claim(
                        excess <= LOSS_MARGIN,
                        "%s: median final loss against the best rival (%s): %+.1f %%"
                                .formatted(guard.scenario(), rival.method(), 100 * excess)));
    }

    private Optional<Claim> againstRemedy(Plan.Scenario scenario) {
        Optional<CellSummary> guard = unseen(scenario.name())
                .filter(cell -> cell.role() == Role.GUARD)
                .findFirst();
        Optional<CellSummary> remedy = unseen(scenario.name())
                .filter(cell ->
                        cell.method().equals(scenario.remedy()) && cell.unseen().medianFinalLoss() != null)
                .findFirst();
        if (guard.isEmpty() || remedy.isEmpty()) {
            return Optional.empty();
        }
        double excess = loss(guard.get().unseen()) / loss(remedy.get().unseen()) - 1;
        return Optional.of(new Claim(
                excess <= REMEDY_MARGIN && guard.get().unseen().lost() == 0,
                "%s: guarded runs lost %d of %d, median final loss against always %s %+.1f %%"
                        .formatted(
                                scenario.name(),
                                guard.get().unseen().lost(),
                                guard.get().unseen().runs(),
                                scenario.remedy(),
                                100 * excess)));
    }

    private void healthy(CellSummary guard, List<Claim> claims) {
        Double acting = guard.actingPer10k();
        if (acting != null) {
            claims.add(new Claim(
                    acting <= ACTING_ALARMS,
                    "%s: false alarms that act per 10,000 steps: %.2f".formatted(guard.scenario(), acting)));
        }
        unseen(guard.scenario())
                .filter(cell -> cell.role() == Role.BASELINE && guard.unseen().runs() > 0)
                .findFirst()
                .map(none -> loss(guard.unseen()) / loss(none.unseen()) - 1)
                .ifPresent(excess -> claims.add(new Claim(
                        excess <= LOSS_MARGIN,
                        "%s: median final loss against unguarded: %+.2f %%"
                                .formatted(guard.scenario(), 100 * excess))));
    }

    /** The best online signal at each lead, within one scenario. */
    static List<Claim> ofSignals(List<SignalScore> signals) {
        List<Claim> claims = new ArrayList<>();
        for (Map.Entry<Integer, Double> promise : SIGNALS.entrySet()) {
            signals.stream()
                    .filter(score ->
                            score.lead() == promise.getKey() && !score.scope().equals(SignalScore.ACROSS))
                    .filter(score -> score.auroc() != null && score.lost() >= LEAST_LOST)
                    .max(Comparator.comparingDouble(Claims::area))
                    .ifPresent(best -> claims.add(new Claim(
                            area(best) >= promise.getValue(),
                            "%s: best signal at a lead of %d steps: %s (%s) with AUROC %.2f (%.2f–%.2f), %d lost and %d healthy runs"
                                    .formatted(
                                            best.scope(),
                                            best.lead(),
                                            best.signal(),
                                            best.reading(),
                                            best.auroc(),
                                            best.low(),
                                            best.high(),
                                            best.lost(),
                                            best.healthy()))));
        }
        return claims;
    }

    private static double area(SignalScore score) {
        Double area = score.auroc();
        return area == null ? Double.NaN : area;
    }

    /** Rivals and single signals that lose more runs than doing nothing does: stated, whoever they are. Observing is doing nothing. */
    List<String> harmful() {
        List<String> words = new ArrayList<>();
        for (CellSummary none : cells) {
            if (none.role() == Role.BASELINE && none.unseen().runs() > 0) {
                unseen(none.scenario())
                        .filter(cell -> cell.role() != Role.OBSERVE)
                        .filter(cell -> cell.unseen().lostRate() > none.unseen().lostRate())
                        .forEach(cell -> words.add("%s: %s loses %d of %d runs, doing nothing %d of %d"
                                .formatted(
                                        cell.scenario(),
                                        cell.method(),
                                        cell.unseen().lost(),
                                        cell.unseen().runs(),
                                        none.unseen().lost(),
                                        none.unseen().runs())));
            }
        }
        return words;
    }
}
