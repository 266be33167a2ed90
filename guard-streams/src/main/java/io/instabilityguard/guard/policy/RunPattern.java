package io.instabilityguard.guard.policy;

import java.util.Comparator;
import java.util.regex.Pattern;

/**
 * A glob over run ids: {@code *} stands for any characters, {@code ?} for one. Of several that fit a run the most specific one counts: the one with the most
 * characters that are no wildcards, then the one with fewer {@code *}, then the first by alphabet. Natural order: most specific first.
 *
 * @param text 1 to 200 characters of {@code [A-Za-z0-9._*?-]}
 */
public record RunPattern(String text) implements Comparable<RunPattern> {

    private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9._*?-]{1,200}");
    private static final Comparator<RunPattern> MOST_SPECIFIC_FIRST = Comparator.comparingLong(RunPattern::literals)
            .reversed()
            .thenComparingLong(RunPattern::stars)
            .thenComparing(RunPattern::text);

    /** Refuses what no run id can fit: {@link PolicyException}. */
    public RunPattern {
        if (!ALLOWED.matcher(text).matches()) {
            throw new PolicyException(
                    "pattern: must be 1 to 200 characters of [A-Za-z0-9._-], * and ?, not \"" + text + "\"");
        }
    }

    /** Whether a run id fits. Takes time proportional to the product of both lengths at most. */
    public boolean matches(String run) {
        int at = 0;
        int star = -1;
        int resume = 0;
        for (int i = 0; i < run.length(); ) {
            if (at < text.length() && text.charAt(at) == '*') {
                star = at++;
                resume = i;
            } else if (at < text.length() && (text.charAt(at) == '?' || text.charAt(at) == run.charAt(i))) {
                at++;
                i++;
            } else if (star >= 0) {
                at = star + 1;
                i = ++resume;
            } else {
                return false;
            }
        }
        return text.substring(at).chars().allMatch(rest -> rest == '*');
    }

    private long literals() {
        return text.chars().filter(each -> each != '*' && each != '?').count();
    }

    private long stars() {
        return text.chars().filter(each -> each == '*').count();
    }

    @Override
    public int compareTo(RunPattern other) {
        return MOST_SPECIFIC_FIRST.compare(this, other);
    }
}
