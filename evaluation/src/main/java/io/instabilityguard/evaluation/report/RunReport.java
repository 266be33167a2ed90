package io.instabilityguard.evaluation.report;

import java.util.List;

/**
 * What a report says.
 *
 * @param title heading of the page
 * @param headline the result in one or two sentences
 * @param facts the numbers at the top
 * @param panels charts over the same steps
 * @param lastStep right end of their axis
 * @param markers drawn over all charts
 * @param tables below the charts
 * @param footnote how the numbers came about
 */
public record RunReport(
        String title,
        String headline,
        List<Fact> facts,
        List<Panel> panels,
        long lastStep,
        List<Marker> markers,
        List<Table> tables,
        String footnote) {
    /** One number with its meaning. */
    public record Fact(String label, String value) {}

    /** Rows of text under column heads; every row is as long as the head. */
    public record Table(String title, List<String> head, List<List<String>> rows) {}
}
