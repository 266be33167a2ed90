package io.instabilityguard.evaluation.report;

import java.util.Locale;

/** Writes SVG elements; text is escaped, coordinates are rounded to a tenth of a pixel. */
final class Svg {
    private final StringBuilder markup = new StringBuilder();

    Svg(int width, int height, String description) {
        markup.append(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n",
                width,
                height,
                escape(description)));
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    Svg line(String style, double x1, double y1, double x2, double y2) {
        markup.append(String.format(
                Locale.ROOT,
                "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
                style,
                x1,
                y1,
                x2,
                y2));
        return this;
    }

    Svg text(String style, double x, double y, String words) {
        markup.append(String.format(
                Locale.ROOT, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>%n", style, x, y, escape(words)));
        return this;
    }

    Svg path(String style, String points) {
        markup.append("<path class=\"")
                .append(style)
                .append("\" d=\"")
                .append(points)
                .append("\"/>\n");
        return this;
    }

    Svg rectangle(String style, double x, double y, double width, double height, String title) {
        markup.append(String.format(
                Locale.ROOT,
                "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>%s</title></rect>%n",
                style,
                x,
                y,
                width,
                height,
                escape(title)));
        return this;
    }

    /** A triangle that points down to (x, y). */
    Svg pointer(String style, double x, double y, String title) {
        markup.append(String.format(
                Locale.ROOT,
                "<path class=\"%s\" d=\"M%.1f %.1fl-5 -9h10z\"><title>%s</title></path>%n",
                style,
                x,
                y,
                escape(title)));
        return this;
    }

    String close() {
        return markup.append("</svg>\n").toString();
    }
}
