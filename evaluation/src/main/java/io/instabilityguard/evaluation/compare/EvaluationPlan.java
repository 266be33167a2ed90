package io.instabilityguard.evaluation.compare;

import io.instabilityguard.evaluation.compare.CellPlan.Purpose;
import io.instabilityguard.evaluation.trainer.Seeds;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which cells are measured.
 *
 * @param scenarios rows
 * @param methods columns
 * @param seeds instead of each scenario's own
 * @param delays lockstep delays of the guard; the first one gives the table, the others its sensitivity
 */
record EvaluationPlan(List<String> scenarios, List<String> methods, Optional<Seeds> seeds, List<Integer> delays) {
    static final List<String> SCENARIOS = List.of("S", "CS", "S-stable");
    static final List<String> METHODS = List.of("none", "clip-1.0", "zclip", "msign-100", TrainerJob.GUARD);

    private static final Map<String, Seeds> OWN_SEEDS =
            Map.of("S", new Seeds(0, 19), "CS", new Seeds(0, 9), "S-stable", new Seeds(0, 9));

    EvaluationPlan {
        requireKnown("scenario", scenarios, SCENARIOS);
        requireKnown("method", methods, METHODS);
        if (delays.isEmpty() || delays.stream().anyMatch(delay -> delay < 0)) {
            throw new IllegalArgumentException("delays must be steps, 0 or more, not " + delays);
        }
    }

    private static void requireKnown(String what, List<String> named, List<String> known) {
        for (String name : named) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException(
                        "unknown " + what + " '" + name + "': choose among " + String.join(", ", known));
            }
        }
    }

    List<CellPlan> cells() {
        List<CellPlan> cells = new ArrayList<>();
        for (String scenario : scenarios) {
            methods.forEach(method -> addResult(cells, scenario, method));
            addControl(cells, scenario);
        }
        return cells;
    }

    private void addResult(List<CellPlan> cells, String scenario, String method) {
        if (!method.equals(TrainerJob.GUARD)) {
            cells.add(new CellPlan(scenario, method, seedsOf(scenario), 0, Purpose.RESULT));
            return;
        }
        for (int i = 0; i < delays.size(); i++) {
            Purpose purpose = i == 0 ? Purpose.RESULT : Purpose.SENSITIVITY;
            cells.add(new CellPlan(scenario, method, seedsOf(scenario), delays.get(i), purpose));
        }
    }

    private void addControl(List<CellPlan> cells, String scenario) {
        switch (scenario) {
            case "S" -> cells.add(new CellPlan("S", "half-lr", seedsOf("S"), 0, Purpose.CONTROL));
            case "CS" -> cells.add(new CellPlan("CS-reference", "none", seedsOf("CS"), 0, Purpose.CONTROL));
            default -> {} // a healthy scenario is its own control
        }
    }

    private Seeds seedsOf(String scenario) {
        return seeds.orElseGet(() -> OWN_SEEDS.getOrDefault(scenario, new Seeds(0, 9)));
    }
}
