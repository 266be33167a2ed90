package io.instabilityguard.guard.agreement;

import io.instabilityguard.guard.agreement.Match.Subject;
import io.instabilityguard.schemas.Decision;
import java.util.Optional;
import java.util.Set;

/**
 * A command that one policy wants and the other has not wanted yet.
 *
 * @param side whose it is
 * @param kind kind of the command
 * @param step step of the decision
 */
record Wish(Side side, String kind, long step) {

    private static final Set<String> NOT_OF_A_POLICY = Set.of("ROLL_BACK", "CANCEL");

    /** Ids are {@code run/generation/kind/step} of a command and {@code run/generation/detector/step} of an anomaly. */
    private static final int THIRD = 2;

    /** What a decision commands, proposes or would have commanded by itself; empty for all others, and for what only follows from a command that was applied. */
    static Optional<Wish> of(Side side, Decision decision) {
        boolean commands = switch (decision.getAction()) {
            case COMMAND, WOULD_COMMAND, PROPOSE -> true;
            default -> false;
        };
        boolean isOwn = decision.getOperator().isEmpty()
                && !decision.getCommandId().isEmpty()
                && !decision.getAnomalyId().isEmpty();
        return Optional.of(new Wish(side, third(decision.getCommandId()), decision.getStep()))
                .filter(wish -> commands && isOwn && !NOT_OF_A_POLICY.contains(wish.kind));
    }

    /** The detector whose anomaly a decision answers. */
    static String detectorOf(Decision decision) {
        return third(decision.getAnomalyId());
    }

    Match alone(String detector, long generation) {
        return Match.alone(Subject.COMMAND, detector, kind, generation, side, step);
    }

    private static String third(String id) {
        String[] parts = id.split("/", -1);
        return parts.length > THIRD ? parts[THIRD] : id;
    }
}
