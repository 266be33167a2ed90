package io.instabilityguard.evaluation.signals;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SignalScoresTest {
    private static final double UNKNOWN = Double.NaN;

    /** Departure 60: read at 55 and 10. At 55 the lost run reads 9, above 1 and below 10; at 10 nothing is known of it. */
    @Test
    void shouldReadHealthyRunsAtTheStepOfTheLostOne() {
        List<SignalScore> scores =
                new SignalScores("F", List.of(run(0, 60, 20, 9), run(1, -1, 0, 1), run(2, -1, 0, 10))).all();
        assertThat(scores).hasSize(4);
        assertThat(score(scores, 5, "latest").auroc()).isEqualTo(0.5);
        assertThat(score(scores, 50, "latest").auroc()).isZero();
        assertThat(score(scores, 5, "latest").lost()).isEqualTo(1);
        assertThat(score(scores, 5, "latest").healthy()).isEqualTo(2);
    }

    /** A run that rose before and fell again would have raised an alarm. */
    @Test
    void shouldTakeTheHighestValueSoFarAsWhatAThresholdSees() {
        double[] spike = new double[100];
        spike[30] = 5;
        ScoredRun lost = new ScoredRun("F", 0, 60, Map.of("gain", spike));
        double[] quiet = new double[100];
        Arrays.fill(quiet, 1);
        List<SignalScore> scores =
                new SignalScores("F", List.of(lost, new ScoredRun("F", 1, -1, Map.of("gain", quiet)))).all();
        assertThat(score(scores, 5, "highest").auroc()).isOne();
        assertThat(score(scores, 5, "latest").auroc()).isZero();
    }

    @Test
    void shouldKnowNothingWithoutLostRuns() {
        List<SignalScore> scores = new SignalScores("F", List.of(run(1, -1, 0, 1))).all();
        assertThat(scores).allSatisfy(score -> assertThat(score.auroc()).isNull());
    }

    /** Unknown before a step, this value from it on. */
    private static ScoredRun run(int seed, int departure, int from, double value) {
        double[] values = new double[100];
        Arrays.fill(values, 0, from, UNKNOWN);
        Arrays.fill(values, from, 100, value);
        return new ScoredRun("F", seed, departure, Map.of("gain", values));
    }

    private static SignalScore score(List<SignalScore> scores, int lead, String reading) {
        return scores.stream()
                .filter(score -> score.lead() == lead && score.reading().equals(reading))
                .findFirst()
                .orElseThrow();
    }
}
