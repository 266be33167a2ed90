package io.instabilityguard.evaluation.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A page that needs nothing else: no script, no font, no network.
 *
 * @param title heading
 * @param headline the result in one or two sentences
 * @param facts the numbers at the top
 * @param sections in order
 * @param footnote how the numbers came about
 */
public record HtmlPage(
        String title, String headline, List<RunReport.Fact> facts, List<Section> sections, String footnote) {
    /**
     * A card of the page.
     *
     * @param title heading, as text
     * @param note one sentence on how to read it, as text; none when empty
     * @param markup SVG or HTML made in this package
     */
    public record Section(String title, String note, String markup) {
        /** A table. */
        public static Section of(RunReport.Table table, String note) {
            return new Section(
                    table.title(),
                    note,
                    "<div class=\"scroll\"><table>\n<thead>" + row("th", table.head()) + "</thead>\n<tbody>\n"
                            + table.rows().stream()
                                    .map(cells -> row("td", cells))
                                    .collect(Collectors.joining())
                            + "</tbody>\n</table></div>\n");
        }

        private static String row(String element, List<String> cells) {
            return cells.stream()
                    .map(cell -> "<" + element + ">" + Svg.escape(cell) + "</" + element + ">")
                    .collect(Collectors.joining("", "<tr>", "</tr>\n"));
        }

        private String render() {
            String words = note.isEmpty() ? "" : "<p class=\"note\">" + Svg.escape(note) + "</p>\n";
            return "<section>\n<h2>" + Svg.escape(title) + "</h2>\n" + words + markup + "</section>\n";
        }
    }

    /** The page's HTML. */
    public String render() {
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
                <footer>%6$s</footer>
                </main>
                </body>
                </html>
                """.formatted(
                        Svg.escape(title),
                        style(),
                        Svg.escape(headline),
                        factCards(),
                        sections.stream().map(Section::render).collect(Collectors.joining()),
                        Svg.escape(footnote));
    }

    private static String style() {
        try (InputStream css = HtmlPage.class.getResourceAsStream("report.css")) {
            if (css == null) {
                throw new IllegalStateException("report.css is missing from the class path");
            }
            return new String(css.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String factCards() {
        return facts.stream()
                .map(fact -> "<div class=\"fact\"><b>" + Svg.escape(fact.value()) + "</b><span>"
                        + Svg.escape(fact.label()) + "</span></div>\n")
                .collect(Collectors.joining());
    }
}
