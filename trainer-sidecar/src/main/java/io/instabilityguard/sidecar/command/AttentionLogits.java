package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.frame.HookMessage.Statistic;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.ConcurrentHashMap;

/** The largest attention logits that the hook reported last: of the whole model, and per block where it samples them. Any thread. */
public final class AttentionLogits {
    private static final String METRIC = "attentionLogit";

    private final Map<Integer, Double> byDepth = new ConcurrentHashMap<>();
    private volatile double largest = Double.NaN;

    /** Takes in what the hook said of one step, checked. */
    public void observe(double maxAttentionLogit, List<Statistic> statistics) {
        largest = maxAttentionLogit;
        for (Statistic statistic : statistics) {
            if (statistic.metric().equals(METRIC)) {
                byDepth.put(statistic.depth(), Collections.max(statistic.values()));
            }
        }
    }

    /** The largest of the block of this depth, else of the model; empty when neither is known to be a finite number above 0. */
    OptionalDouble largest(int depth) {
        double logit = byDepth.getOrDefault(depth, largest);
        return logit > 0 && logit < Double.POSITIVE_INFINITY ? OptionalDouble.of(logit) : OptionalDouble.empty();
    }
}
