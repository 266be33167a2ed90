package io.instabilityguard.evaluation.fuzz;

import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What became of one input.
 *
 * @param isAccepted whether it was taken for what it pretends to be
 * @param problem what a reader must not do, in the words of the report; null when the input was accepted or refused in good order
 * @param cause what tells this problem from others
 */
record Verdict(boolean isAccepted, @Nullable String problem, String cause) {
    private static final int LONGEST_REASON = 2_000;
    private static final int SHOWN = 300;
    private static final Pattern LINE_BREAK = Pattern.compile("[\\n\\r\\u0085\\u2028\\u2029]");
    private static final Verdict ACCEPTED = new Verdict(true, null, "");
    private static final Verdict REFUSED = new Verdict(false, null, "");

    /** Reads {@code input} and judges what comes of it. */
    static Verdict of(Target target, byte[] input) {
        try {
            target.read(input);
            return ACCEPTED;
        } catch (Exception e) {
            return target.refusal(e).map(Verdict::refused).orElseGet(() -> crash(e));
        } catch (StackOverflowError | OutOfMemoryError | AssertionError | LinkageError e) {
            return crash(e);
        }
    }

    /** Something else than reading or refusing. */
    static Verdict problem(String problem, String cause) {
        return new Verdict(false, problem, cause);
    }

    private static Verdict refused(String reason) {
        if (LINE_BREAK.matcher(reason).find()) {
            return problem("refused in several lines: " + shown(reason), "lines");
        }
        return reason.length() > LONGEST_REASON
                ? problem("refused in " + reason.length() + " characters: " + shown(reason), "length")
                : REFUSED;
    }

    private static Verdict crash(Throwable thrown) {
        StackTraceElement[] trace = thrown.getStackTrace();
        String where = trace.length == 0 ? "nowhere" : trace[0].toString();
        return problem(
                "threw " + shown(thrown.toString()) + " at " + where,
                thrown.getClass().getName() + where);
    }

    private static String shown(String text) {
        return Optional.of(text).filter(all -> all.length() <= SHOWN).orElseGet(() -> text.substring(0, SHOWN) + " …");
    }

    /** Whether it was read as it should be, be it accepted or refused. */
    boolean isGood() {
        return problem == null;
    }
}
