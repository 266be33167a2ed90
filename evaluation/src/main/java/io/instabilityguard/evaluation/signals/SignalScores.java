package io.instabilityguard.evaluation.signals;

import io.instabilityguard.evaluation.statistics.Auroc;
import io.instabilityguard.evaluation.statistics.Interval;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Scores signals on recorded runs. A lost run is read so many steps before its departure; every healthy run is read at
 * the same step, so that no signal earns anything for rising with time. The area is the chance that a lost run reads
 * higher than a healthy one at that step (ties half), averaged over all pairs; its interval comes from drawing lost and
 * healthy runs anew, each among themselves, with a fixed seed.
 *
 * @param scope for the scores
 * @param runs to score on
 */
record SignalScores(String scope, List<ScoredRun> runs) {
    private static final int[] LEADS = {5, 50};
    private static final int RESAMPLES = 500;
    private static final int POINTS = 20;
    private static final long SEED = 20261122;

    /** How a run is read at a step. */
    @FunctionalInterface
    private interface Reading {
        double of(ScoredRun run, String signal, int step);
    }

    /** Scores of all signals at all leads, by both readings. */
    List<SignalScore> all() {
        List<SignalScore> scores = new ArrayList<>();
        TreeSet<String> signals = new TreeSet<>();
        runs.forEach(run -> signals.addAll(run.values().keySet()));
        for (String signal : signals) {
            for (int lead : LEADS) {
                scores.add(score(signal, lead, SignalScore.LATEST, ScoredRun::latest));
                scores.add(score(signal, lead, SignalScore.HIGHEST, ScoredRun::highest));
            }
        }
        return scores;
    }

    private SignalScore score(String signal, int lead, String name, Reading reading) {
        List<ScoredRun> lost = runs.stream()
                .filter(run -> run.isLost() && run.departure() - lead >= 0)
                .toList();
        List<ScoredRun> healthy = runs.stream().filter(run -> !run.isLost()).toList();
        double[] positives = lost.stream()
                .mapToDouble(run -> reading.of(run, signal, run.departure() - lead))
                .toArray();
        double[][] negatives = lost.stream()
                .map(run -> healthy.stream()
                        .mapToDouble(other -> reading.of(other, signal, run.departure() - lead))
                        .toArray())
                .toArray(double[][]::new);
        double[][] wins = wins(positives, negatives);
        Interval interval = interval(wins);
        return new SignalScore(
                scope,
                signal,
                lead,
                name,
                lost.size(),
                healthy.size(),
                finite(mean(wins, all(lost.size()), all(healthy.size()))),
                finite(interval.low()),
                finite(interval.high()),
                Auroc.characteristic(
                                positives,
                                Arrays.stream(negatives)
                                        .flatMapToDouble(Arrays::stream)
                                        .toArray(),
                                POINTS)
                        .stream()
                        .map(point -> new SignalScore.Point(point[0], point[1]))
                        .toList());
    }

    /** Per lost run (row) and healthy run (column): 1 when the lost one reads higher, a half on a tie. */
    private static double[][] wins(double[] positives, double[][] negatives) {
        double[][] wins = new double[positives.length][];
        for (int i = 0; i < wins.length; i++) {
            double[] positive = {positives[i]};
            wins[i] = Arrays.stream(negatives[i])
                    .map(negative -> Auroc.of(positive, new double[] {negative}))
                    .toArray();
        }
        return wins;
    }

    private static Interval interval(double[][] wins) {
        if (wins.length == 0 || wins[0].length == 0) {
            return Interval.UNKNOWN;
        }
        Random random = new Random(SEED);
        double[] areas = new double[RESAMPLES];
        Arrays.setAll(areas, i -> mean(wins, drawn(wins.length, random), drawn(wins[0].length, random)));
        return Interval.percentiles(areas);
    }

    private static double mean(double[][] wins, int[] rows, int[] columns) {
        double sum = 0;
        for (int row : rows) {
            for (int column : columns) {
                sum += wins[row][column];
            }
        }
        return sum / ((double) rows.length * columns.length);
    }

    private static int[] all(int count) {
        int[] indices = new int[count];
        Arrays.setAll(indices, i -> i);
        return indices;
    }

    private static int[] drawn(int count, Random random) {
        int[] indices = new int[count];
        Arrays.setAll(indices, i -> random.nextInt(count));
        return indices;
    }

    private static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }

    /** The score of a number that is known before training: it reads the same at every step. */
    static SignalScore initial(String scope, String signal, Collection<Double> lost, Collection<Double> healthy) {
        double[] positives = lost.stream().mapToDouble(one -> one).toArray();
        double[] negatives = healthy.stream().mapToDouble(one -> one).toArray();
        Interval interval = Auroc.interval(positives, negatives, RESAMPLES, SEED);
        return new SignalScore(
                scope,
                signal,
                -1,
                "at initialisation",
                positives.length,
                negatives.length,
                finite(Auroc.of(positives, negatives)),
                finite(interval.low()),
                finite(interval.high()),
                List.of());
    }
}
