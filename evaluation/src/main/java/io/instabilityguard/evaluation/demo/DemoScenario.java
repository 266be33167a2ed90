package io.instabilityguard.evaluation.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/** What the demo shows. The configurations themselves belong to the reference trainer. */
public enum DemoScenario {
    /** Attention learns ten times too fast; its logits explode and the loss gets stuck too high. */
    ATTENTION("CS", 500, List.of("msign-100"), "attention logits grow until the model collapses softly"),

    /** No norm layers and a learning rate that is too high: the run is lost for good. */
    DIVERGENCE("A", 600, List.of(), "the learning rate is too high for a model without norm layers"),

    /** Hyper-connections whose free mixing amplifies the residual streams; the cure is to project it from then on. */
    HYPER_CONNECTIONS(
            "D12", 200, List.of("mhc"), "24 hyper-connections amplify the residual streams until the run is lost"),

    /** The setting of Koopman spectral shaping, which a policy of this demo switches on: shown as it is, not as a success. */
    KOOPMAN(
            "recall-7.5e-3",
            400,
            List.of("kss", "clip-1.0"),
            "associative recall without norm layers, the penalty of KSS forced on");

    /** Those that are shown when nothing is chosen. */
    static final List<DemoScenario> DEFAULT = List.of(ATTENTION, DIVERGENCE);

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
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** A policy of its own, as YAML; none for the default one. */
    Optional<String> policy() {
        if (this != KOOPMAN) {
            return Optional.empty();
        }
        try (InputStream yaml = Objects.requireNonNull(DemoScenario.class.getResourceAsStream("koopman-policy.yaml"))) {
            return Optional.of(new String(yaml.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
