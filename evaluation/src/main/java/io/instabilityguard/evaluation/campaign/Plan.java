package io.instabilityguard.evaluation.campaign;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.instabilityguard.evaluation.trainer.Seeds;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.sidecar.NearestWord;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What can be measured, as {@code plan.yaml} declares it.
 *
 * @param scenarios in the order of the report
 * @param methods in the order of the report
 * @param profiles selections of both, by name
 */
public record Plan(List<Scenario> scenarios, List<Method> methods, Map<String, List<Profile>> profiles) {
    /**
     * A training run that goes wrong when nothing is done.
     *
     * @param name in the reference trainer
     * @param twin the healthy run beside it, by name; null when there is none
     * @param remedy the method that the guard must equal within 2 %; null when there is none
     * @param says what goes wrong, for people
     */
    public record Scenario(
            String name, @Nullable String twin, @Nullable String remedy, String says) {}

    /** What a method is in the comparison. */
    public enum Role {
        /** Nothing is done. */
        BASELINE,
        /** What one can do without the guard. */
        RIVAL,
        /** Knows the cure before the run starts. */
        CONTROL,
        /** Knows the step at which the run diverges. */
        ORACLE,
        /** The guard with its default policy. */
        GUARD,
        /** The guard with one of its detectors. */
        SINGLE,
        /** The guard, recording only. */
        OBSERVE
    }

    /**
     * What is done about it.
     *
     * @param name in the reference trainer, or of a guarded method
     * @param role in the comparison
     * @param policy of the guard: {@code default} or the name of a file beside the plan; null without a guard
     * @param only scenarios it applies to; all when empty
     */
    public record Method(String name, Role role, @Nullable String policy, List<String> only) {
        /** The name of the default policy. */
        public static final String DEFAULT_POLICY = "default";

        /** Nothing said means all scenarios. */
        @SuppressWarnings("NullAway") // Jackson passes null for what is left out
        public Method {
            only = only == null ? List.of() : List.copyOf(only);
        }

        /** Whether the trainer runs with the hook. */
        public boolean isGuarded() {
            return policy != null;
        }

        /** The trainer's name of it. */
        String trainerMethod() {
            return isGuarded() ? TrainerJob.GUARD : name;
        }

        boolean appliesTo(String scenario) {
            return only.isEmpty() || only.contains(scenario);
        }
    }

    /** A selection: every scenario (or healthy twin) named with every method named that applies to it. */
    public record Profile(String seeds, List<String> scenarios, List<String> methods) {}

    /**
     * One cell: a scenario or its twin, a method, seeds.
     *
     * @param scenario the trainer's name
     */
    public record Cell(String scenario, Method method, Seeds seeds) {}

    /** The plan that comes with the product. */
    public static Plan read() {
        try (InputStream yaml = Objects.requireNonNull(Plan.class.getResourceAsStream("plan.yaml"))) {
            return YAMLMapper.builder()
                    .enable(com.fasterxml.jackson.databind.MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
                    .build()
                    .readValue(yaml, Plan.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The selections of the profile of this name. */
    public List<Profile> profile(String name) {
        return Objects.requireNonNull(profiles.get(name), name);
    }

    /**
     * The cells of some selections, each cell once.
     *
     * @throws IllegalArgumentException with a message for people when a name is unknown
     */
    public List<Cell> cells(List<Profile> selections) {
        return selections.stream()
                .flatMap(selection -> cells(selection).stream())
                .distinct()
                .toList();
    }

    /**
     * The cells of one selection.
     *
     * @throws IllegalArgumentException with a message for people when a name is unknown
     */
    public List<Cell> cells(Profile selection) {
        requireKnown("scenario", selection.scenarios(), scenarioNames());
        requireKnown(
                "method",
                selection.methods(),
                methods.stream().map(Method::name).toList());
        Seeds seeds = Seeds.parse(selection.seeds());
        List<Cell> cells = new ArrayList<>();
        for (String scenario : selection.scenarios()) {
            methods.stream()
                    .filter(method -> selection.methods().contains(method.name()) && method.appliesTo(scenario))
                    .forEach(method -> cells.add(new Cell(scenario, method, seeds)));
        }
        return cells;
    }

    private List<String> scenarioNames() {
        Set<String> names = new LinkedHashSet<>();
        scenarios.forEach(scenario -> names.add(scenario.name()));
        scenarios.stream().map(Scenario::twin).filter(Objects::nonNull).forEach(names::add);
        return List.copyOf(names);
    }

    private static void requireKnown(String what, List<String> named, List<String> known) {
        for (String name : named) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException(
                        "unknown %s '%s': did you mean '%s'? The evaluation module's plan.yaml lists all %d"
                                .formatted(what, name, NearestWord.to(name, known), known.size()));
            }
        }
    }
}
