package io.instabilityguard.guard.console;

import io.instabilityguard.guard.policy.PolicyException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which dead letter: where it stands in the topic of dead letters, written {@code 2-17}.
 *
 * @param partition partition
 * @param offset offset there
 */
record LetterId(int partition, long offset) {

    private static final Pattern WRITTEN = Pattern.compile("(\\d{1,6})-(\\d{1,18})");

    /** Reads {@code 2-17}. Errors: {@link PolicyException}. */
    static LetterId parse(String text) {
        Matcher matcher = WRITTEN.matcher(text);
        if (!matcher.matches()) {
            throw new PolicyException(
                    "letter " + text + ": must be as `guard dead-letters ls` writes it, such as 2-17");
        }
        return new LetterId(Integer.parseInt(matcher.group(1)), Long.parseLong(matcher.group(2)));
    }

    @Override
    public String toString() {
        return partition + "-" + offset;
    }
}
