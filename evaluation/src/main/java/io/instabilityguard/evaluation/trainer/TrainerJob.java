package io.instabilityguard.evaluation.trainer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one trainer process shall do: the same scenario and method for each seed, one after another.
 *
 * @param scenario name of the configuration, as the reference trainer knows it
 * @param method {@code none}, a rival, or {@code guard}
 * @param seeds at least one
 * @param every print only every so many steps
 * @param untilLost end a run at the first loss that settles that it diverged
 * @param steps instead of the scenario's own length; null to keep that
 * @param text train on this file; null for texts of the machine
 * @param guardedBy where the guard is; null when the method is not {@code guard}
 */
public record TrainerJob(
        String scenario,
        String method,
        Seeds seeds,
        int every,
        boolean untilLost,
        @Nullable Integer steps,
        @Nullable Path text,
        @Nullable GuardedBy guardedBy) {
    /** The method that runs the hook. */
    public static final String GUARD = "guard";

    /** A run of plain PyTorch, printing every step. */
    public static TrainerJob plain(String scenario, String method, int seed) {
        return new TrainerJob(scenario, method, Seeds.only(seed), 1, false, null, null, null);
    }

    /** A run with the guard's hook, printing every step. */
    public static TrainerJob guarded(String scenario, int seed, GuardedBy guardedBy) {
        return new TrainerJob(scenario, GUARD, Seeds.only(seed), 1, false, null, null, guardedBy);
    }

    /** The same, on a text of the user's; null changes nothing. */
    public TrainerJob on(@Nullable Path otherText) {
        return new TrainerJob(scenario, method, seeds, every, untilLost, steps, otherText, guardedBy);
    }

    /** The same, shorter or longer. */
    public TrainerJob lasting(int otherSteps) {
        return new TrainerJob(scenario, method, seeds, every, untilLost, otherSteps, text, guardedBy);
    }

    List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of("-m", "reference_trainer"));
        add(arguments, "--scenario", scenario);
        add(arguments, "--method", method);
        add(arguments, "--every", every);
        if (seeds.count() == 1) {
            add(arguments, "--seed", seeds.first());
        } else {
            add(arguments, "--seeds", seeds);
        }
        if (untilLost) {
            arguments.add("--until-lost");
        }
        if (steps != null) {
            add(arguments, "--steps", steps);
        }
        if (text != null) {
            add(arguments, "--text", text);
        }
        if (guardedBy != null) {
            arguments.addAll(guardedBy.arguments());
        }
        return arguments;
    }

    private static void add(List<String> arguments, String option, Object value) {
        arguments.add(option);
        arguments.add(value.toString());
    }
}
