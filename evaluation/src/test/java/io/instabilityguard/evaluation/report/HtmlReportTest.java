package io.instabilityguard.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.report.Curve.Point;
import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

class HtmlReportTest {
    private static final Curve LOSS = new Curve(
            "un<guarded>", "unguarded", List.of(new Point(0, 4.5), new Point(1, 3.5), new Point(2, Double.NaN)));
    private static final Curve RANKS = new Curve(
            "block.0 \"query\"",
            "",
            List.of(new Point(0, 9), new Point(1, 9.5), new Point(2, 1.05), new Point(3, Double.NaN)));

    @Test
    void shouldBeOnePageThatNeedsNothingElse() {
        String page = page();
        assertThat(page).startsWith("<!doctype html>").contains("prefers-color-scheme: dark");
        assertThat(page)
                .doesNotContain("<script")
                .doesNotContain("src=")
                .doesNotContain("href=")
                .doesNotContain("http");
    }

    @Test
    void shouldEscapeWhatItIsTold() {
        assertThat(page())
                .contains("un&lt;guarded&gt;")
                .contains("block.0 &quot;query&quot;")
                .doesNotContain("un<guarded>");
    }

    @Test
    void shouldDrawChartsThatAreWellFormed() throws Exception {
        String page = page();
        int from = 0;
        int charts = 0;
        for (int start = page.indexOf("<svg", from); start >= 0; start = page.indexOf("<svg", from)) {
            from = page.indexOf("</svg>", start) + "</svg>".length();
            DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new InputSource(new StringReader(page.substring(start, from))));
            charts++;
        }
        assertThat(charts).isEqualTo(3);
    }

    @Test
    void shouldEndALineAtAValueThatIsNotFinite() {
        assertThat(LOSS.path(Scale.linear(0, 2, 0, 200), Scale.linear(0, 5, 50, 0)))
                .isEqualTo("M0.0 5.0L100.0 15.0");
    }

    @Test
    void shouldJoinNeighboursOfTheSameColour() {
        String chart = HeatMap.draw("ranks", new Frame(4, List.of()), List.of(RANKS));
        assertThat(chart.split("<rect", -1)).hasSize(1 + 3);
        assertThat(chart).contains("class=\"h7\"").contains("class=\"h0\"").contains("class=\"hx\"");
    }

    @Test
    void shouldMarkWhatHappened() {
        assertThat(page()).contains("step 2: learning rate x 0.5").contains("class=\"command\"");
    }

    @Test
    void shouldDrawAnEmptyRun() {
        RunReport empty = report(List.of(new Curve("nothing", "guarded", List.of())), List.of());
        assertThat(HtmlReport.render(empty))
                .contains("<svg")
                .doesNotContain("NaN")
                .doesNotContain("Infinity");
    }

    private static String page() {
        return HtmlReport.render(report(List.of(LOSS), List.of(RANKS)));
    }

    private static RunReport report(List<Curve> lines, List<Curve> rows) {
        return new RunReport(
                "title",
                "headline",
                List.of(new RunReport.Fact("commands", "1")),
                List.of(
                        new Panel("loss", "note", new Panel.Linear(6), lines),
                        new Panel("gradient", "note", new Panel.Logarithmic(), lines),
                        new Panel("ranks", "note", new Panel.Heat(), rows)),
                4,
                List.of(new Marker(2, Marker.Kind.COMMAND, "learning rate x 0.5")),
                List.of(new RunReport.Table("commands", List.of("what"), List.of(List.of("a & b")))),
                "footnote");
    }
}
