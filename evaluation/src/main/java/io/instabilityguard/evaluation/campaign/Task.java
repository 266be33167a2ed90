package io.instabilityguard.evaluation.campaign;

import io.instabilityguard.evaluation.campaign.Plan.Cell;
import io.instabilityguard.evaluation.trainer.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * What one trainer process does: seeds of one cell in a row.
 *
 * @param cell scenario and method
 * @param seeds unfinished ones
 */
record Task(Cell cell, Seeds seeds) {
    private static final int SEEDS_PER_PROCESS = 10;

    /**
     * Cuts the unfinished runs of all cells into tasks of at most ten seeds. The first seeds of every cell come before
     * the next ones of any, so that an interrupted campaign leaves an even table.
     */
    static List<Task> of(List<Cell> cells, Predicate<RunOfCell> isFinished) {
        int first = least(cells, cell -> cell.seeds().first());
        int last = -least(cells, cell -> -cell.seeds().last());
        List<Task> tasks = new ArrayList<>();
        for (int block = first; block <= last; block += SEEDS_PER_PROCESS) {
            Seeds seeds = new Seeds(block, block + SEEDS_PER_PROCESS - 1);
            cells.forEach(cell -> addPending(tasks, cell, seeds, isFinished));
        }
        return tasks;
    }

    /** One run of a cell. */
    record RunOfCell(Cell cell, int seed) {}

    private static int least(List<Cell> cells, ToIntFunction<Cell> value) {
        return cells.stream().mapToInt(value).min().orElse(0);
    }

    private static void addPending(List<Task> tasks, Cell cell, Seeds block, Predicate<RunOfCell> isFinished) {
        Optional<Seeds> open = Optional.empty();
        for (int seed = block.first(); seed <= block.last() + 1; seed++) {
            boolean isPending = seed <= Math.min(block.last(), cell.seeds().last())
                    && seed >= cell.seeds().first()
                    && !isFinished.test(new RunOfCell(cell, seed));
            if (isPending) {
                open = Optional.of(new Seeds(open.map(Seeds::first).orElse(seed), seed));
            } else {
                open.ifPresent(seeds -> tasks.add(new Task(cell, seeds)));
                open = Optional.empty();
            }
        }
    }

    @Override
    public String toString() {
        return "%-14s %-24s seeds %-7s".formatted(cell.scenario(), cell.method().name(), seeds);
    }
}
