package io.instabilityguard.guard.agreement;

/**
 * How often two policies agreed.
 *
 * @param both both came to it
 * @param onlyBase only the one that is compared with
 * @param onlyCandidate only the candidate
 * @param leadSteps steps by which the candidate was earlier where both came to it, in all
 */
public record Tally(long both, long onlyBase, long onlyCandidate, long leadSteps) {

    /** Nothing yet. */
    public static final Tally NONE = new Tally(0, 0, 0, 0);

    /** One more. */
    Tally and(Match match) {
        return switch (match.fate()) {
            case SAME -> new Tally(both + 1, onlyBase, onlyCandidate, leadSteps + match.leadSteps());
            case LOST -> new Tally(both, onlyBase + 1, onlyCandidate, leadSteps);
            case NEW -> new Tally(both, onlyBase, onlyCandidate + 1, leadSteps);
        };
    }
}
