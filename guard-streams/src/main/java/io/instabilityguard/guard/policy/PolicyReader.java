package io.instabilityguard.guard.policy;

import static io.instabilityguard.guard.policy.SignalReader.MANY_STEPS;
import static io.instabilityguard.guard.policy.SignalReader.MUCH;
import static io.instabilityguard.guard.policy.SignalReader.requireKnown;

import com.fasterxml.jackson.databind.node.ObjectNode;
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
        Section budget = root.section("budget");
        Section proposals = root.section("proposals");
        Map<String, SignalPolicy> signals = SignalReader.signals(root.section("signals"));
        Map<String, DetectorPolicy> detectors = root.section("detectors").each(section -> detector(section, signals));
        Section interventions = root.section("interventions");
        InterventionReader rungs = new InterventionReader(detectors.keySet());
        Policy policy = new Policy(
                root.choice("mode", Mode.class, MODES),
                limits(root.section("limits")),
                silence(root.section("silence")),
                blindness(root.section("blindness")),
                budget.number("step-equivalents-per-1000-steps", 0, 1_000),
                rollback(root.section("rollback")),
                proposals.whole("valid-steps", 1, MANY_STEPS),
                anomalies.number("escalate-factor", 1, MUCH),
                signals,
                enabled(detectors),
                rungs.enabled(interventions),
                rungs.ladders(root.section("ladders"), interventions.keys()),
                hash);
        budget.end();
        proposals.end();
        anomalies.end();
        root.end();
        return policy;
    }

    private static Map<String, DetectorPolicy> enabled(Map<String, DetectorPolicy> detectors) {
        Map<String, DetectorPolicy> enabled = new LinkedHashMap<>(detectors);
        enabled.values().removeIf(detector -> !detector.enabled());
        return enabled;
    }

    private static Policy.Limits limits(Section section) {
        Policy.Limits limits = new Policy.Limits(
                section.whole("runs", 1, 1_000_000),
                section.whole("layers", 1, 100_000),
                section.whole("window-steps", 1, 100_000),
                section.whole("state-every-steps", 1, MANY_STEPS),
                section.whole("mixing-grace-steps", 0, 10_000));
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

    private static Policy.Blindness blindness(Section section) {
        Policy.Blindness blindness = new Policy.Blindness(
                section.whole("constant-samples", 2, MANY_STEPS), section.whole("silent-steps", 1, MANY_STEPS));
        section.end();
        return blindness;
    }

    private static Policy.Rollback rollback(Section section) {
        Policy.Rollback rollback = new Policy.Rollback(
                section.whole("shadow-steps", 1, MANY_STEPS),
                section.whole("lead-steps", 1, MANY_STEPS),
                section.whole("valid-steps", 0, MANY_STEPS));
        section.end();
        return rollback;
    }

    private static DetectorPolicy detector(Section section, Map<String, SignalPolicy> signals) {
        Map<String, Double> above = limits(section, "above", 0, signals.keySet());
        Map<String, Double> below = limits(section, "below", -MUCH, signals.keySet());
        if (above.isEmpty() && below.isEmpty()) {
            throw section.wrong("above", "a mapping of at least one signal to its limit");
        }
        return new DetectorPolicy(
                !section.has("enabled") || section.flag("enabled"),
                section.whole("after-observed-steps", 0, MANY_STEPS),
                above,
                below,
                limits(section, "clear-at-most", -MUCH, signals.keySet()),
                latching(section, "latched", signals),
                latching(section, "unless-latched", signals),
                section.whole("within-steps", 1, MANY_STEPS),
                section.whole("clear-after-steps", 1, MANY_STEPS));
    }

    private static Map<String, Double> limits(Section section, String key, double least, Set<String> signals) {
        Section below = section.section(key);
        Map<String, Double> limits = below.numbers(least, MUCH);
        limits.keySet().forEach(signal -> requireKnown(below.path(), signal, signals));
        return limits;
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
}
