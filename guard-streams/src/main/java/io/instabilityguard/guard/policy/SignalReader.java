package io.instabilityguard.guard.policy;

import io.instabilityguard.schemas.MatrixRole;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads signals and the quantities that they look at. */
final class SignalReader {

    static final int MANY_STEPS = 1_000_000;
    static final double MUCH = 1e12;
    static final Set<MatrixRole> ROLES = EnumSet.complementOf(EnumSet.of(MatrixRole.UNKNOWN));

    private static final int LONGEST_WINDOW = 10_000;
    private static final Pattern STATISTIC = Pattern.compile("[A-Za-z][A-Za-z0-9-]{0,99}");
    private static final Pattern HYPHEN = Pattern.compile("-([a-z0-9])");

    private SignalReader() {}

    /** All signals of a policy. */
    static Map<String, SignalPolicy> signals(Section section) {
        Map<String, SignalPolicy> all = new LinkedHashMap<>(section.each(SignalReader::signal));
        all.forEach((name, signal) -> {
            if (signal instanceof SignalPolicy.Combination combination) {
                requireSingle(section.path() + "." + name + ".weights", combination, all);
            }
        });
        return all;
    }

    private static SignalPolicy signal(Section section) {
        return switch (section.choice("shape", Shape.class, EnumSet.allOf(Shape.class))) {
            case LEVEL -> new SignalPolicy.Level(quantity(section));
            case WINDOW ->
                new SignalPolicy.Window(
                        quantity(section),
                        section.whole("window-samples", 1, LONGEST_WINDOW),
                        section.choice("over-window", Reduction.class, EnumSet.allOf(Reduction.class)));
            case GROWTH -> new SignalPolicy.Growth(quantity(section), section.whole("over-steps", 1, LONGEST_WINDOW));
            case CLIMB -> new SignalPolicy.Climb(quantity(section), section.whole("over-steps", 1, LONGEST_WINDOW));
            case DEVIATION ->
                new SignalPolicy.Deviation(
                        quantity(section),
                        section.number("decay", 0.01, 0.999999),
                        section.number("least-deviation", 1e-9, MUCH),
                        section.number("first-variance", 0, MUCH),
                        section.number("most-z", 0.1, MUCH),
                        section.whole("most-z-after-steps", 0, MANY_STEPS));
            case MEDIAN_RATIO ->
                new SignalPolicy.MedianRatio(quantity(section), section.whole("window-steps", 1, LONGEST_WINDOW));
            case COMBINATION ->
                new SignalPolicy.Combination(
                        section.section("weights").numbers(-MUCH, MUCH), section.numberOr("bias", -MUCH, MUCH, 0));
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

    /** What the keys {@code metric} (or {@code layer-statistic}) and its companions name. */
    static Quantity quantity(Section section) {
        boolean named = section.has("layer-statistic");
        Metric metric = named ? Metric.LAYER_STATISTIC : section.choice("metric", Metric.class, Metric.named());
        return new Quantity(
                metric,
                named ? statistic(section) : "",
                section.has("of")
                        ? section.choice("of", Reduction.class, EnumSet.allOf(Reduction.class))
                        : metric.reduction(),
                section.has("roles") ? section.choices("roles", MatrixRole.class, ROLES) : Set.of(),
                section.has("depths") ? depths(section.section("depths")) : Depths.ALL,
                section.isSet("logarithm"),
                section.wholeOr("hold-steps", 1, MANY_STEPS, 1));
    }

    private static String statistic(Section section) {
        String name = section.text("layer-statistic");
        if (!STATISTIC.matcher(name).matches()) {
            throw section.wrong("layer-statistic", "the name of a statistic, such as attention-entropy");
        }
        return HYPHEN.matcher(name).replaceAll(match -> match.group(1).toUpperCase(Locale.ROOT));
    }

    static Depths depths(Section section) {
        int from = section.wholeOr("from", 0, MANY_STEPS, 0);
        Depths depths = new Depths(from, section.wholeOr("to", from, MANY_STEPS, Integer.MAX_VALUE));
        section.end();
        return depths;
    }

    private static void requireSingle(
            String path, SignalPolicy.Combination combination, Map<String, SignalPolicy> signals) {
        if (combination.weights().isEmpty()) {
            throw new PolicyException(path + ": must be a mapping of at least one signal to its weight");
        }
        for (String name : combination.weights().keySet()) {
            requireKnown(path, name, signals.keySet());
            if (signals.get(name) instanceof SignalPolicy.Combination) {
                throw new PolicyException(path + "." + name + ": must not be a combination itself");
            }
        }
    }

    static void requireKnown(String path, String name, Set<String> known) {
        if (!known.contains(name)) {
            throw new PolicyException(path + "." + name + ": unknown name; " + Section.nearest(name, known));
        }
    }

    private enum Shape {
        LEVEL,
        WINDOW,
        GROWTH,
        CLIMB,
        DEVIATION,
        MEDIAN_RATIO,
        COMBINATION,
        OUTGROWTH,
        FALL
    }
}
