package io.instabilityguard.evaluation.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/** Renders a {@link RunReport} as one HTML page that needs nothing else: no script, no font, no network. */
public final class HtmlReport {
    private HtmlReport() {}

    /** The page. */
    public static String render(RunReport report) {
        Frame frame = new Frame(report.lastStep(), report.markers());
        return """
                <!doctype html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>%1$s</title>
                <style>
                %2$s</style>
                </head>
                <body>
                <main>
                <h1>%1$s</h1>
                <p class="headline">%3$s</p>
                <div class="facts">
                %4$s</div>
                %5$s
                %6$s
                <footer>%7$s</footer>
                </main>
                </body>
                </html>
                """.formatted(
                Svg.escape(report.title()),
                style(),
                Svg.escape(report.headline()),
                facts(report.facts()),
                report.panels().stream().map(panel -> section(panel, frame)).collect(Collectors.joining()),
                report.tables().stream().map(HtmlReport::table).collect(Collectors.joining()),
                Svg.escape(report.footnote()));
    }

    private static String style() {
        try (InputStream css = HtmlReport.class.getResourceAsStream("report.css")) {
            if (css == null) {
                throw new IllegalStateException("report.css is missing from the class path");
            }
            return new String(css.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String facts(List<RunReport.Fact> facts) {
        return facts.stream()
                .map(fact -> "<div class=\"fact\"><b>" + Svg.escape(fact.value()) + "</b><span>"
                        + Svg.escape(fact.label()) + "</span></div>\n")
                .collect(Collectors.joining());
    }

    private static String section(Panel panel, Frame frame) {
        return "<section>\n<h2>" + Svg.escape(panel.title()) + "</h2>\n<p class=\"note\">" + Svg.escape(panel.note())
                + "</p>\n<p class=\"legend\">" + (panel.isHeatMap() ? heatLegend() : legend(panel.curves())) + "</p>\n"
                + panel.draw(frame) + "</section>\n";
    }

    private static String legend(List<Curve> curves) {
        return curves.stream()
                        .map(curve -> "<span><i class=\"key " + curve.style() + "\"></i>" + Svg.escape(curve.name())
                                + "</span>")
                        .collect(Collectors.joining("\n"))
                + "\n" + markerLegend();
    }

    private static String markerLegend() {
        return "<span><i class=\"key anomaly\"></i>anomaly raised</span>\n"
                + "<span><i class=\"key command\"></i>command applied</span>";
    }

    private static String heatLegend() {
        StringBuilder legend = new StringBuilder("<span>stable rank");
        for (int bucket = 0; bucket <= HeatMap.BOUNDS.size(); bucket++) {
            String bound = bucket == HeatMap.BOUNDS.size() ? "more" : "&lt; " + HeatMap.BOUNDS.get(bucket);
            legend.append(" <i class=\"cell h").append(bucket).append("\"></i>").append(bound);
        }
        return legend.append("</span>\n").append(markerLegend()).toString();
    }

    private static String table(RunReport.Table table) {
        return "<section>\n<h2>" + Svg.escape(table.title()) + "</h2>\n<div class=\"scroll\"><table>\n<thead>"
                + row("th", table.head()) + "</thead>\n<tbody>\n"
                + table.rows().stream().map(cells -> row("td", cells)).collect(Collectors.joining())
                + "</tbody>\n</table></div>\n</section>\n";
    }

    private static String row(String element, List<String> cells) {
        return cells.stream()
                .map(cell -> "<" + element + ">" + Svg.escape(cell) + "</" + element + ">")
                .collect(Collectors.joining("", "<tr>", "</tr>\n"));
    }
}
