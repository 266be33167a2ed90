package io.instabilityguard.guard.policy;

import io.instabilityguard.schemas.Direction;
import io.instabilityguard.schemas.MatrixRole;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One rung of the ladder: what is commanded when a detector's anomaly is open, how often at most, and when its effect is judged.
 *
 * @param detectors the detectors whose anomalies it answers by itself, most telling first; none when only ladders call it
 * @param kind what is commanded
 * @param reach what is touched
 * @param parameters parameters of the kind, under the names of the command
 * @param timing when its commands are valid and when the next may follow
 * @param escalation when another rung takes this one's turn; null for never
 * @param yieldsTo rungs whose command may explain what this one would answer: it waits until that command is judged, but no longer than its effect should take to show
 * @param verdict how its effect is judged
 * @param expectedEffect what should be seen afterwards
 */
public record InterventionPolicy(
        List<String> detectors,
        Kind kind,
        Reach reach,
        Map<String, Double> parameters,
        Timing timing,
        @Nullable Escalation escalation,
        Set<String> yieldsTo,
        VerdictPolicy verdict,
        String expectedEffect) {

    /** Keeps its own copies, sorted, because their order reaches the bytes of commands. */
    public InterventionPolicy {
        detectors = List.copyOf(detectors);
        yieldsTo = Set.copyOf(yieldsTo);
        parameters = Collections.unmodifiableMap(new TreeMap<>(parameters));
    }

    /**
     * What is touched.
     *
     * @param roles matrices of these roles; empty for kinds that touch no matrices
     * @param depths matrices of these blocks
     * @param names blocks or mixers by path, for kinds that take those; empty for all
     */
    public record Reach(Set<MatrixRole> roles, Depths depths, List<String> names) {

        /** Keeps its own copies, roles sorted. */
        public Reach {
            roles = Collections.unmodifiableSet(new TreeSet<>(roles));
            names = List.copyOf(names);
        }
    }

    /**
     * When commands are valid and when the next may follow.
     *
     * @param leadSteps steps between decision and application
     * @param validSteps steps after {@code applyAtStep} at which the command is still valid
     * @param outstandingSteps a command without an answer is given up after so many steps
     * @param cooldownSteps steps after application in which the rung does not command again
     * @param mostPer1000Steps most commands in any 1,000 steps
     * @param retrySteps wait after a command that was not applied; it is then asked again while the anomaly is open
     * @param whileElevated whether it commands again while the detector no longer fires but is elevated
     */
    public record Timing(
            int leadSteps,
            int validSteps,
            int outstandingSteps,
            int cooldownSteps,
            int mostPer1000Steps,
            int retrySteps,
            boolean whileElevated) {}

    /**
     * How the effect of an applied command is judged.
     *
     * @param afterSteps steps after application
     * @param harmfulLossRise rise of the recent loss that makes it HARMFUL
     * @param harmfulPauseSteps steps after a HARMFUL verdict in which the rung is not used
     * @param expects what should move, or null when only the detector and the loss judge
     * @param rollBack whether a HARMFUL command is rolled back
     */
    public record VerdictPolicy(
            int afterSteps,
            double harmfulLossRise,
            int harmfulPauseSteps,
            @Nullable Expectation expects,
            boolean rollBack) {}

    /**
     * What should move after a command: by more than the standard deviation of its values before, and by more than a share of their mean.
     *
     * @param quantity what
     * @param direction how
     * @param leastChange that share
     */
    public record Expectation(Quantity quantity, Direction direction, double leastChange) {}

    /**
     * When a command has been applied {@code afterCommands} times to one anomaly, not counting those before the last command of rung {@code to}, that rung
     * takes the next turn, unless something holds it back.
     */
    public record Escalation(int afterCommands, String to) {}
}
