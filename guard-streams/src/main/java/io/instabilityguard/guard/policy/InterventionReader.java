package io.instabilityguard.guard.policy;

import static io.instabilityguard.guard.policy.SignalReader.MANY_STEPS;
import static io.instabilityguard.guard.policy.SignalReader.MUCH;
import static io.instabilityguard.guard.policy.SignalReader.requireKnown;

import io.instabilityguard.guard.policy.InterventionPolicy.Escalation;
import io.instabilityguard.guard.policy.InterventionPolicy.Expectation;
import io.instabilityguard.guard.policy.InterventionPolicy.Reach;
import io.instabilityguard.guard.policy.InterventionPolicy.Timing;
import io.instabilityguard.guard.policy.InterventionPolicy.VerdictPolicy;
import io.instabilityguard.guard.policy.Kind.Target;
import io.instabilityguard.schemas.Direction;
import io.instabilityguard.schemas.MatrixRole;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Reads interventions and the ladders that order them. */
final class InterventionReader {

    private static final String NON_FINITE = "non-finite";
    private static final Set<Direction> DIRECTIONS = EnumSet.complementOf(EnumSet.of(Direction.UNKNOWN));

    private final Set<String> detectors;

    /** A reader that knows these detectors. */
    InterventionReader(Set<String> detectors) {
        this.detectors = detectors;
    }

    /** The interventions that are enabled. */
    Map<String, InterventionPolicy> enabled(Section section) {
        Map<String, InterventionPolicy> enabled = new LinkedHashMap<>();
        Map<String, Switchable> all = section.each(this::intervention);
        all.forEach((name, rung) -> {
            String path = section.path() + "." + name;
            if (rung.policy().escalation() != null) {
                requireKnown(path + ".escalation.to", rung.policy().escalation().to(), all.keySet());
            }
            rung.policy().yieldsTo().forEach(other -> requireKnown(path + ".yields-to", other, all.keySet()));
            if (rung.enabled()) {
                enabled.put(name, rung.policy());
            }
        });
        return enabled;
    }

    /** The ladders, by detector; {@code rungs} are the interventions that there are, enabled or not. */
    Map<String, LadderPolicy> ladders(Section section, Set<String> rungs) {
        Map<String, LadderPolicy> ladders = section.each(below -> ladder(below, rungs));
        ladders.keySet().forEach(detector -> requireDetector(section.path(), detector));
        return ladders;
    }

    private static LadderPolicy ladder(Section section, Set<String> rungs) {
        List<String> names = section.texts("rungs");
        names.forEach(name -> requireKnown(section.path() + ".rungs", name, rungs));
        return new LadderPolicy(
                names,
                section.wholeOr("watch-steps", 0, MANY_STEPS, 0),
                section.wholeOr("escalate-after-commands", 1, MANY_STEPS, 1),
                section.wholeOr("de-escalate-after-steps", 1, MANY_STEPS, 200));
    }

    private void requireDetector(String path, String name) {
        if (!name.equals(NON_FINITE)) {
            requireKnown(path, name, detectors);
        }
    }

    private Switchable intervention(Section section) {
        List<String> when = section.has("when") ? section.texts("when") : List.of();
        when.forEach(name -> requireDetector(section.path() + ".when", name));
        Kind kind = section.choice("kind", Kind.class, EnumSet.allOf(Kind.class));
        InterventionPolicy policy = new InterventionPolicy(
                when,
                kind,
                reach(section, kind),
                parameters(section.section("parameters"), kind),
                timing(section),
                section.has("escalation") ? escalation(section.section("escalation")) : null,
                section.has("yields-to") ? Set.copyOf(section.texts("yields-to")) : Set.of(),
                verdict(section.section("verdict"), kind),
                section.text("expected-effect"));
        return new Switchable(section.flag("enabled"), policy);
    }

    private static Reach reach(Section section, Kind kind) {
        boolean onMatrices = kind.target() == Target.MATRICES;
        boolean hasDepths = onMatrices || !kind.fixedRoles().isEmpty();
        Set<MatrixRole> roles =
                onMatrices ? section.choices("roles", MatrixRole.class, SignalReader.ROLES) : kind.fixedRoles();
        return new Reach(
                roles,
                hasDepths && section.has("depths") ? SignalReader.depths(section.section("depths")) : Depths.ALL,
                kind.target() == Target.NAMED && section.has("layers") ? section.texts("layers") : List.of());
    }

    private static Map<String, Double> parameters(Section section, Kind kind) {
        Map<String, Double> parameters = new TreeMap<>();
        for (Parameter parameter : kind.parameters()) {
            if (parameter.isRequired() || section.has(parameter.name())) {
                parameters.put(parameter.name(), parameter.in(section));
            }
        }
        section.end();
        return parameters;
    }

    private static Timing timing(Section section) {
        return new Timing(
                section.wholeOr("lead-steps", 1, MANY_STEPS, 1),
                section.wholeOr("valid-steps", 0, MANY_STEPS, 30),
                section.wholeOr("outstanding-steps", 1, MANY_STEPS, 40),
                section.wholeOr("cooldown-steps", 0, MANY_STEPS, 10),
                section.wholeOr("most-per-1000-steps", 1, 1_000, 100),
                section.wholeOr("retry-steps", 1, MANY_STEPS, 5),
                section.isSet("while-elevated"));
    }

    private static Escalation escalation(Section section) {
        Escalation escalation = new Escalation(section.whole("after-commands", 1, MANY_STEPS), section.text("to"));
        section.end();
        return escalation;
    }

    private static VerdictPolicy verdict(Section section, Kind kind) {
        VerdictPolicy verdict = new VerdictPolicy(
                section.wholeOr("after-steps", 1, MANY_STEPS, 20),
                section.numberOr("harmful-loss-rise", 0, MUCH, 1),
                section.wholeOr("harmful-pause-steps", 0, MANY_STEPS, 200),
                section.has("expects") ? expectation(section.section("expects")) : null,
                section.isSet("roll-back"));
        if (verdict.rollBack() && !kind.isUndoable()) {
            throw section.wrong("roll-back", "false for a kind that cannot be undone");
        }
        section.end();
        return verdict;
    }

    private static Expectation expectation(Section section) {
        Expectation expectation = new Expectation(
                SignalReader.quantity(section),
                section.choice("direction", Direction.class, DIRECTIONS),
                section.numberOr("least-change", 0, MUCH, 0));
        section.end();
        return expectation;
    }

    private record Switchable(boolean enabled, InterventionPolicy policy) {}
}
