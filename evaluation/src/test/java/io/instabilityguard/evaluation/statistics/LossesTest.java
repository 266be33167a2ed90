package io.instabilityguard.evaluation.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LossesTest {
    /** Step 30 is the first at 3.0; the mean of five passes 2.3 at the second one: (3 · 2 + 2 · 3) / 5 = 2.4. */
    @Test
    void shouldDepartWhenTheLossLeavesItsBestForGood() {
        assertThat(Losses.departure(levels(30, 2, 20, 3))).hasValue(31);
    }

    @Test
    void shouldNotDepartWhenTheLossComesBack() {
        assertThat(Losses.departure(levels(30, 2, 20, 3, 30, 2))).isEmpty();
        assertThat(Losses.departure(levels(60, 2))).isEmpty();
    }

    @Test
    void shouldDepartWhereTheLossIsNoLongerFinite() {
        assertThat(Losses.departure(levels(30, 2, 1, Double.NaN))).hasValue(30);
    }

    /** From step 40 on 25 losses of 3 replace those of 2 one by one: the mean passes 2.3 with the eighth, 2.32. */
    @Test
    void shouldDepartWhenARunStaysBehindAHealthyOne() {
        assertThat(Losses.departure(levels(40, 2, 40, 3), levels(80, 2))).hasValue(47);
        assertThat(Losses.departure(levels(80, 2), levels(80, 2))).isEmpty();
    }

    /** Pairs of a count and the loss that holds so long. */
    private static double[] levels(double... countsAndLosses) {
        double[] losses = new double[0];
        for (int i = 0; i < countsAndLosses.length; i += 2) {
            int from = losses.length;
            losses = Arrays.copyOf(losses, from + (int) countsAndLosses[i]);
            Arrays.fill(losses, from, losses.length, countsAndLosses[i + 1]);
        }
        return losses;
    }
}
