package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class MetricNamesTest {

    @Test
    void shouldFindTheMetricsOfAnExpressionAndNothingElse() {
        assertThat(MetricNames.askedBy(
                        "max by (kind) (increase(a_total{run=\"b_c\", x!~'y(z)'}[$__rate_interval])) > bool"
                                + " 1e3 or absent(up == 1) unless on (q) a:b:rate5m offset 5m"))
                .containsExactlyInAnyOrder("a_total", "up", "a:b:rate5m");
        assertThat(MetricNames.askedBy("histogram_quantile(0.99, sum by (le) (rate(x_seconds_bucket[5m])))"))
                .containsExactly("x_seconds_bucket");
        assertThat(MetricNames.askedBy("label_values(guard_run_health{health=\"$h\"}, run)"))
                .containsExactly("guard_run_health");
    }

    @Test
    void shouldFindWhatAProcessShows() {
        assertThat(MetricNames.shownBy(List.of("# HELP a b\n# TYPE a gauge\na{x=\"1\"} 2\nb 3.0\n")))
                .containsExactly("a", "b");
    }
}
