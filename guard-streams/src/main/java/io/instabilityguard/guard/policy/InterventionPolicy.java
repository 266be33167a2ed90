package io.instabilityguard.guard.policy;

import io.instabilityguard.schemas.InterventionKind;
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
 * @param detectors the detectors whose anomalies it answers, most telling first
 * @param kind what is commanded
 * @param roles matrices of these roles are touched; empty for whole-model kinds
 * @param parameters parameters of the kind, under the names of the command
 * @param leadSteps steps between decision and application
 * @param validSteps steps after {@code applyAtStep} at which the command is still valid
 * @param outstandingSteps a command without an answer is given up after so many steps
 * @param cooldownSteps steps after application in which the rung does not command again
 * @param mostPer1000Steps budget
 * @param retrySteps wait after a command that was not applied; it is then asked again while the anomaly is open
 * @param escalation when another rung takes this one's turn; null for never
 * @param verdict how its effect is judged
 * @param expectedEffect what should be seen afterwards
 */
public record InterventionPolicy(
        List<String> detectors,
        InterventionKind kind,
        Set<MatrixRole> roles,
        Map<String, Double> parameters,
        int leadSteps,
        int validSteps,
        int outstandingSteps,
        int cooldownSteps,
        int mostPer1000Steps,
        int retrySteps,
        @Nullable Escalation escalation,
        VerdictPolicy verdict,
        String expectedEffect) {

    /** Keeps its own copies, sorted, because their order reaches the bytes of commands. */
    public InterventionPolicy {
        detectors = List.copyOf(detectors);
        roles = Collections.unmodifiableSet(new TreeSet<>(roles));
        parameters = Collections.unmodifiableMap(new TreeMap<>(parameters));
    }

    /**
     * How the effect of an applied command is judged.
     *
     * @param afterSteps steps after application
     * @param harmfulLossRise rise of the recent loss that makes it HARMFUL
     * @param harmfulPauseSteps steps after a HARMFUL verdict in which the rung is not used
     */
    public record VerdictPolicy(int afterSteps, double harmfulLossRise, int harmfulPauseSteps) {}

    /**
     * When a command has been applied {@code afterCommands} times to one anomaly, not counting those before the last command of rung {@code to}, that rung
     * takes the next turn, unless something holds it back.
     */
    public record Escalation(int afterCommands, String to) {}
}
