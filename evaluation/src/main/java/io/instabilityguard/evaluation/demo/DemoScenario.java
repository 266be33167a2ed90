package io.instabilityguard.evaluation.demo;

import java.util.List;
import java.util.Locale;

/** What the demo shows. The configurations themselves belong to the reference trainer. */
public enum DemoScenario {
    /** Attention learns ten times too fast; its logits explode and the loss gets stuck too high. */
    ATTENTION("CS", 500, List.of("msign-100"), "attention logits grow until the model collapses softly"),

    /** No norm layers and a learning rate that is too high: the run is lost for good. */
    DIVERGENCE("A", 600, List.of(), "the learning rate is too high for a model without norm layers");

    private final String configuration;
    private final int steps;
    private final List<String> rivals;
    private final String summary;

    DemoScenario(String configuration, int steps, List<String> rivals, String summary) {
        this.configuration = configuration;
        this.steps = steps;
        this.rivals = rivals;
        this.summary = summary;
    }

    /** The configuration's name in the reference trainer. */
    String configuration() {
        return configuration;
    }

    /** How many steps a run has when nothing is lost. */
    int steps() {
        return steps;
    }

    /** Methods without a guard that are shown beside it. */
    List<String> rivals() {
        return rivals;
    }

    /** What goes wrong in it, for people. */
    String summary() {
        return summary;
    }

    /** The name on the command line and in reports. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
