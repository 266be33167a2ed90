package io.instabilityguard.evaluation.demo;

import java.io.PrintStream;
import java.util.Map;

/**
 * Where the demo writes: a terminal, whose last line is rewritten, or a plain stream of lines. Thread-safe.
 *
 * @param out standard output
 * @param isTerminal whether the last line can be rewritten
 * @param isColoured whether escape sequences for colour are welcome
 */
record Screen(PrintStream out, boolean isTerminal, boolean isColoured) {
    private static final String START_OF_LINE = "\r\u001b[K";

    /** What the launcher and the user's NO_COLOR say. */
    static Screen of(PrintStream out, boolean isTerminal, Map<String, String> environment) {
        return new Screen(
                out,
                isTerminal,
                isTerminal && environment.getOrDefault("NO_COLOR", "").isEmpty());
    }

    /** A line that stays. */
    synchronized void line(Colour colour, String text) {
        out.println((isTerminal ? START_OF_LINE : "") + painted(colour, text));
        out.flush();
    }

    /** The line that the next one replaces; shown on terminals only. */
    synchronized void status(String text) {
        if (isTerminal) {
            out.print(START_OF_LINE + text);
            out.flush();
        }
    }

    private String painted(Colour colour, String text) {
        return isColoured && colour != Colour.PLAIN ? "\u001b[" + colour.code + "m" + text + "\u001b[0m" : text;
    }

    /** What a line is about. */
    enum Colour {
        PLAIN("0"),
        HEADING("1"),
        ALARM("33"),
        ACTION("32"),
        LOSS("31");

        private final String code;

        Colour(String code) {
            this.code = code;
        }
    }
}
