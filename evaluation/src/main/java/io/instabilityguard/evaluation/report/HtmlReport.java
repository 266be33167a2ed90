package io.instabilityguard.evaluation.report;

import io.instabilityguard.evaluation.report.HtmlPage.Section;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Renders a {@link RunReport} as one page. */
public final class HtmlReport {
    private HtmlReport() {}

    /** The page. */
    public static String render(RunReport report) {
        Frame frame = new Frame(report.lastStep(), report.markers());
        Stream<Section> panels = report.panels().stream().map(panel -> section(panel, frame));
        Stream<Section> tables = report.tables().stream().map(table -> Section.of(table, ""));
        return new HtmlPage(
                        report.title(),
                        report.headline(),
                        report.facts(),
                        Stream.concat(panels, tables).toList(),
                        report.footnote())
                .render();
    }

    private static Section section(Panel panel, Frame frame) {
        String legend = panel.isHeatMap() ? heatLegend() : legend(panel.curves()) + "\n" + markerLegend();
        return new Section(panel.title(), panel.note(), "<p class=\"legend\">" + legend + "</p>\n" + panel.draw(frame));
    }

    static String legend(List<Curve> curves) {
        return curves.stream()
                .map(curve ->
                        "<span><i class=\"key " + curve.style() + "\"></i>" + Svg.escape(curve.name()) + "</span>")
                .collect(Collectors.joining("\n"));
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
}
