package io.instabilityguard.evaluation.trainer;

import io.instabilityguard.evaluation.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the reference trainer can do, in its own words: the choices of its {@code --help}.
 *
 * @param scenarios names of configurations
 * @param methods names of methods, {@code guard} among them
 */
public record TrainerCatalogue(List<String> scenarios, List<String> methods) {
    /**
     * Asks the trainer.
     *
     * @throws UserError when it does not answer
     */
    public static TrainerCatalogue of(Python python) {
        try {
            ProcessBuilder builder = python.process(List.of("-m", "reference_trainer", "--help"));
            builder.environment().put("COLUMNS", "10000"); // argparse breaks lines
            Process process =
                    builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
            String help = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new TrainerCatalogue(choices(help, "--scenario"), choices(help, "--method"));
        } catch (IOException e) {
            throw UserError.environment("cannot start the trainer: " + e.getMessage());
        }
    }

    private static List<String> choices(String help, String option) {
        Matcher matcher =
                Pattern.compile(Pattern.quote(option) + " \\{([^}]*)}").matcher(help);
        if (!matcher.find()) {
            throw UserError.environment("the trainer's help names no choices for " + option);
        }
        return List.of(matcher.group(1).split(","));
    }
}
