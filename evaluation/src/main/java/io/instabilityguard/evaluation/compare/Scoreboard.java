package io.instabilityguard.evaluation.compare;

import io.instabilityguard.evaluation.compare.CellPlan.Purpose;
import io.instabilityguard.evaluation.compare.Evaluation.Measured;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The table for people, and what it says about the claims of the project.
 *
 * @param cells measured, in the order of the plan
 */
record Scoreboard(List<Measured> cells) {
    private static final String ROW = "%-12s %-16s %9s %12s %22s %12s%n";

    String table() {
        StringBuilder table = new StringBuilder(ROW.formatted(
                "scenario", "method", "diverged", "median loss", "commands (on weights)", "false alarms"));
        for (Measured measured : cells) {
            Cell cell = measured.cell();
            table.append(ROW.formatted(
                    cell.scenario(),
                    measured.plan().label() + (measured.plan().purpose() == Purpose.CONTROL ? " *" : ""),
                    cell.diverged() + "/" + cell.seeds().size(),
                    cell.medianFinalLoss() == null ? "-" : "%.3f".formatted(cell.medianFinalLoss()),
                    measured.plan().isGuarded() ? cell.commands() + " (" + measured.weightCommands() + ")" : "-",
                    measured.plan().isGuarded() ? cell.falseAlarms() : "-"));
        }
        return table.append("* control; the median is that of the runs that survived")
                .toString();
    }

    /** One line per claim that the measured cells allow to judge. */
    List<String> claims() {
        List<String> claims = new ArrayList<>();
        divergence(claims);
        collapse(claims);
        healthy(claims);
        return claims;
    }

    private void divergence(List<String> claims) {
        result("S", "none")
                .ifPresent(cell -> claims.add(claim(
                        cell.diverged() >= cell.seeds().size() - 1,
                        "S: unguarded runs lost: %d of %d"
                                .formatted(cell.diverged(), cell.seeds().size()))));
        result("S", TrainerJob.GUARD)
                .ifPresent(cell -> claims.add(claim(
                        cell.diverged() <= 1,
                        "S: guarded runs lost: %d of %d"
                                .formatted(cell.diverged(), cell.seeds().size()))));
        compareMedians("S", TrainerJob.GUARD, control("S", "half-lr"))
                .ifPresent(ratio -> claims.add(claim(
                        ratio <= 0,
                        "S: survivors' median loss against half the learning rate: %+.1f %%".formatted(ratio * 100))));
    }

    private void collapse(List<String> claims) {
        Optional<Cell> guarded = result("CS", TrainerJob.GUARD);
        Optional<Cell> periodic = result("CS", "msign-100");
        if (guarded.isPresent() && periodic.isPresent()) {
            int better = betterSeeds(guarded.get(), periodic.get());
            int seeds = guarded.get().seeds().size();
            claims.add(claim(
                    better >= Math.ceil(0.8 * seeds),
                    "CS: seeds on which the guard beats MSign every 100 steps: %d of %d".formatted(better, seeds)));
        }
        compareMedians("CS", TrainerJob.GUARD, control("CS-reference", "none"))
                .ifPresent(ratio -> claims.add(claim(
                        ratio <= 0.05,
                        "CS: median loss against the run without the fault: %+.1f %%".formatted(ratio * 100))));
    }

    private void healthy(List<String> claims) {
        cells.stream()
                .filter(measured -> isResult(measured, "S-stable", TrainerJob.GUARD))
                .findFirst()
                .ifPresent(measured -> claims.add(claim(
                        measured.weightCommands() == 0 && measured.cell().commands() <= 2,
                        "S-stable: weights touched %d times, learning rate %d times in %d runs"
                                .formatted(
                                        measured.weightCommands(),
                                        measured.cell().commands() - measured.weightCommands(),
                                        measured.cell().seeds().size()))));
        compareMedians("S-stable", TrainerJob.GUARD, result("S-stable", "none"))
                .ifPresent(ratio -> claims.add(claim(
                        ratio <= 0.01, "S-stable: median loss against unguarded: %+.2f %%".formatted(ratio * 100))));
    }

    private Optional<Double> compareMedians(String scenario, String method, Optional<Cell> other) {
        Double ours = result(scenario, method).map(Cell::medianFinalLoss).orElse(null);
        Double theirs = other.map(Cell::medianFinalLoss).orElse(null);
        return ours == null || theirs == null ? Optional.empty() : Optional.of(ours / theirs - 1);
    }

    /** Seeds on which ours ends lower; a run without a finite loss counts as worse. */
    private static int betterSeeds(Cell ours, Cell theirs) {
        return (int)
                IntStream.range(0, Math.min(ours.seeds().size(), theirs.seeds().size()))
                        .filter(i -> orInfinity(ours.finalLosses().get(i))
                                < orInfinity(theirs.finalLosses().get(i)))
                        .count();
    }

    private static double orInfinity(@Nullable Double loss) {
        return loss == null ? Double.POSITIVE_INFINITY : loss;
    }

    private static String claim(boolean isReached, String words) {
        return (isReached ? "reached      " : "NOT reached  ") + words;
    }

    private Optional<Cell> result(String scenario, String method) {
        return cells.stream()
                .filter(measured -> isResult(measured, scenario, method))
                .map(Measured::cell)
                .findFirst();
    }

    private Optional<Cell> control(String scenario, String method) {
        return cells.stream()
                .filter(measured -> measured.plan().purpose() == Purpose.CONTROL)
                .map(Measured::cell)
                .filter(cell ->
                        cell.scenario().equals(scenario) && cell.method().equals(method))
                .findFirst();
    }

    private static boolean isResult(Measured measured, String scenario, String method) {
        return measured.plan().purpose() == Purpose.RESULT
                && measured.cell().scenario().equals(scenario)
                && measured.cell().method().equals(method);
    }
}
