package io.instabilityguard.guard.policy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.instabilityguard.guard.policy.InterventionPolicy.Escalation;
import io.instabilityguard.guard.policy.InterventionPolicy.VerdictPolicy;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads policies: YAML, laid over the default policy key by key (lists and single values are replaced, mappings merged), then checked strictly.
 * Errors: {@link PolicyException} with one line that names the dotted key.
 */
public final class PolicyReader {

    private static final Set<Mode> MODES = EnumSet.complementOf(EnumSet.of(Mode.UNKNOWN));
    private static final Set<MatrixRole> ROLES = EnumSet.complementOf(EnumSet.of(MatrixRole.UNKNOWN));
    private static final Set<InterventionKind> KINDS =
            EnumSet.of(InterventionKind.APPLY_MSIGN, InterventionKind.SCALE_LEARNING_RATE);
    private static final int MANY_STEPS = 1_000_000;
    private static final double MUCH = 1e12;

    private PolicyReader() {}

    /** The default policy. */
    public static Policy defaults() {
        return parse("", null);
    }

    /** The policy in a file; {@code mode}, when given, replaces that of the file. */
    public static Policy read(Path file, @Nullable Mode mode) {
        try {
            return parse(Files.readString(file), mode);
        } catch (IOException e) {
            throw new PolicyException("policy file " + file + " cannot be read: " + e.getMessage());
        }
    }

    /** The policy in a YAML text; {@code mode}, when given, replaces that of the text. */
    public static Policy parse(String yaml, @Nullable Mode mode) {
        ObjectNode tree = PolicyTree.overDefault(yaml);
        if (mode != null) {
            tree.put("mode", mode.name().toLowerCase(Locale.ROOT));
        }
        return policy(new Section("", tree), PolicyTree.hash(tree));
    }

    private static Policy policy(Section root, String hash) {
        Section anomalies = root.section("anomalies");
        Section signals = root.section("signals");
        Section detectors = root.section("detectors");
        Section interventions = root.section("interventions");
        Map<String, SignalPolicy> signalsByName = signals.each(PolicyReader::signal);
        Map<String, DetectorPolicy> detectorsByName = detectors.each(section -> detector(section, signalsByName));
        Policy policy = new Policy(
                root.choice("mode", Mode.class, MODES),
                limits(root.section("limits")),
                silence(root.section("silence")),
                anomalies.number("escalate-factor", 1, MUCH),
                signalsByName,
                detectorsByName,
                enabled(interventions, detectorsByName.keySet()),
                hash);
        anomalies.end();
        root.end();
        return policy;
    }

    private static Policy.Limits limits(Section section) {
        Policy.Limits limits = new Policy.Limits(
                section.whole("runs", 1, 1_000_000),
                section.whole("layers", 1, 100_000),
                section.whole("window-steps", 1, 100_000),
                section.whole("state-every-steps", 1, MANY_STEPS));
        section.end();
        return limits;
    }

    private static Policy.Silence silence(Section section) {
        Policy.Silence silence = new Policy.Silence(
                section.number("least-seconds", 0.1, 1e6),
                section.number("median-steps", 1, 1e6),
                section.number("forget-after-seconds", 1, 1e9));
        section.end();
        return silence;
    }

    private static SignalPolicy signal(Section section) {
        return switch (section.choice("shape", Shape.class, EnumSet.allOf(Shape.class))) {
            case LEVEL -> new SignalPolicy.Level(metric(section));
            case DEVIATION ->
                new SignalPolicy.Deviation(
                        metric(section),
                        section.number("decay", 0.01, 0.999999),
                        section.number("least-deviation", 1e-9, MUCH),
                        section.number("first-variance", 0, MUCH),
                        section.number("most-z", 0.1, MUCH),
                        section.whole("most-z-after-steps", 0, MANY_STEPS));
            case MEDIAN_RATIO ->
                new SignalPolicy.MedianRatio(metric(section), section.whole("window-steps", 1, 10_000));
            case OUTGROWTH -> outgrowth(section);
            case FALL ->
                new SignalPolicy.Fall(
                        section.whole("learn-samples", 1, 1_000), section.whole("trend-samples", 2, 1_000));
        };
    }

    private static SignalPolicy outgrowth(Section section) {
        double raise = section.number("raise", 1, MUCH);
        return new SignalPolicy.Outgrowth(
                section.choices("of", MatrixRole.class, ROLES),
                section.choices("over", MatrixRole.class, ROLES),
                raise,
                section.number("clear", 0, raise));
    }

    private static Metric metric(Section section) {
        return section.choice("metric", Metric.class, Metric.scalars());
    }

    private static DetectorPolicy detector(Section section, Map<String, SignalPolicy> signals) {
        Section above = section.section("above");
        Map<String, Double> limits = above.numbers(0, MUCH);
        if (limits.isEmpty()) {
            throw section.wrong("above", "a mapping of at least one signal to its limit");
        }
        limits.keySet().forEach(signal -> requireKnown(above.path(), signal, signals.keySet()));
        return new DetectorPolicy(
                section.whole("after-observed-steps", 0, MANY_STEPS),
                limits,
                latching(section, "latched", signals),
                latching(section, "unless-latched", signals),
                section.whole("within-steps", 1, MANY_STEPS),
                section.whole("clear-after-steps", 1, MANY_STEPS));
    }

    private static Set<String> latching(Section section, String key, Map<String, SignalPolicy> signals) {
        if (!section.has(key)) {
            return Set.of();
        }
        List<String> names = section.texts(key);
        for (String name : names) {
            SignalPolicy signal = signals.get(name);
            if (signal == null || !signal.isLatching()) {
                throw section.wrong(key, "a list of signals of shape outgrowth");
            }
        }
        return Set.copyOf(names);
    }

    private static void requireKnown(String path, String name, Set<String> known) {
        if (!known.contains(name)) {
            throw new PolicyException(path + "." + name + ": unknown name; " + Section.nearest(name, known));
        }
    }

    private static Map<String, InterventionPolicy> enabled(Section section, Set<String> detectors) {
        Map<String, InterventionPolicy> enabled = new LinkedHashMap<>();
        Map<String, Switchable> all = section.each(below -> intervention(below, detectors));
        all.forEach((name, rung) -> {
            if (rung.policy().escalation() != null) {
                String path = section.path() + "." + name + ".escalation.to";
                requireKnown(path, rung.policy().escalation().to(), all.keySet());
            }
            if (rung.enabled()) {
                enabled.put(name, rung.policy());
            }
        });
        return enabled;
    }

    private static Switchable intervention(Section section, Set<String> detectors) {
        List<String> when = section.texts("when");
        when.stream()
                .filter(name -> !name.equals("non-finite"))
                .forEach(name -> requireKnown(section.path() + ".when", name, detectors));
        InterventionKind kind = section.choice("kind", InterventionKind.class, KINDS);
        boolean onLayers = kind == InterventionKind.APPLY_MSIGN;
        InterventionPolicy policy = new InterventionPolicy(
                when,
                kind,
                onLayers ? section.choices("roles", MatrixRole.class, ROLES) : Set.of(),
                onLayers ? msign(section.section("parameters")) : scale(section.section("parameters")),
                section.whole("lead-steps", 1, MANY_STEPS),
                section.whole("valid-steps", 0, MANY_STEPS),
                section.whole("outstanding-steps", 1, MANY_STEPS),
                section.whole("cooldown-steps", 0, MANY_STEPS),
                section.whole("most-per-1000-steps", 1, 1_000),
                section.whole("retry-steps", 1, MANY_STEPS),
                section.has("escalation") ? escalation(section.section("escalation")) : null,
                verdict(section.section("verdict")),
                section.text("expected-effect"));
        return new Switchable(section.flag("enabled"), policy);
    }

    private static Map<String, Double> msign(Section section) {
        Map<String, Double> parameters = Map.of("steps", (double) section.whole("steps", 0, 64));
        section.end();
        return parameters;
    }

    private static Map<String, Double> scale(Section section) {
        Map<String, Double> parameters = Map.of(
                "factor", section.number("factor", 1e-6, 0.999999),
                "floor", section.number("floor", 0, 1),
                "regrowthPerStep", section.number("regrowthPerStep", 1, 2));
        section.end();
        return parameters;
    }

    private static Escalation escalation(Section section) {
        Escalation escalation = new Escalation(section.whole("after-commands", 1, MANY_STEPS), section.text("to"));
        section.end();
        return escalation;
    }

    private static VerdictPolicy verdict(Section section) {
        VerdictPolicy verdict = new VerdictPolicy(
                section.whole("after-steps", 1, MANY_STEPS),
                section.number("harmful-loss-rise", 0, MUCH),
                section.whole("harmful-pause-steps", 0, MANY_STEPS));
        section.end();
        return verdict;
    }

    private enum Shape {
        LEVEL,
        DEVIATION,
        MEDIAN_RATIO,
        OUTGROWTH,
        FALL
    }

    private record Switchable(boolean enabled, InterventionPolicy policy) {}
}
