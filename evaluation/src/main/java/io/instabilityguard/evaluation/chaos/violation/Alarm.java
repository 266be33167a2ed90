package io.instabilityguard.evaluation.chaos.violation;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * What the trainers report to make the guard act, again and again. Steps are counted from the beginning of a period.
 */
public enum Alarm {
    /** Answered by SCALE_LEARNING_RATE. */
    LOSS("loss", 6, 2, 3),
    /** Answered by APPLY_MSIGN. */
    GRADIENT_NORM("gradient_norm", 80, 7, 8),
    /** A rise of the loss after that, for which every other APPLY_MSIGN is judged harmful and rolled back. */
    LATER_LOSS("loss", 3, 21, 34),
    /** The APPLY_MSIGN that it follows. */
    LATER_GRADIENT_NORM("gradient_norm", 80, 20, 21),
    /** Answered by CLIP_ATTENTION_LOGITS, which needs it to last until it is applied. */
    ATTENTION_LOGIT("max_attention_logit", 125, 13, 19);

    /** Steps after which everything begins again. */
    public static final int PERIOD = 34;

    private final String scalar;
    private final double value;
    private final int from;
    private final int to;

    Alarm(String scalar, double value, int from, int to) {
        this.scalar = scalar;
        this.value = value;
        this.from = from;
        this.to = to;
    }

    /** What is reported. */
    public double value() {
        return value;
    }

    /** All of them, in the trainer's words. */
    public static List<Map<String, Object>> words() {
        return Arrays.stream(values())
                .map(alarm -> Map.<String, Object>of(
                        "scalar", alarm.scalar, "value", alarm.value, "from", alarm.from, "to", alarm.to))
                .toList();
    }
}
