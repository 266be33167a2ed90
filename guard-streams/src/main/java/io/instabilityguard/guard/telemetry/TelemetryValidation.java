package io.instabilityguard.guard.telemetry;

import static io.instabilityguard.guard.telemetry.Problems.below;
import static io.instabilityguard.guard.telemetry.Problems.first;
import static io.instabilityguard.guard.telemetry.Problems.negative;

import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells absurd records from legitimate ones. NaN and infinity are legitimate <em>measurements</em> (they are what a dying run looks like); what
 * no trainer can mean, such as a negative step or a norm below zero, is absurd. The answer is the first thing found wrong, in one line.
 */
public final class TelemetryValidation {

    private static final Pattern RUN = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}");
    private static final int LONGEST_NAME = 1_000;

    private TelemetryValidation() {}

    /** What is wrong with a telemetry record under this key; empty when nothing is. */
    public static Optional<String> problemOf(@Nullable String key, StepTelemetry telemetry) {
        return Optional.ofNullable(first(
                runProblem(key, telemetry.getRun()),
                below("generation", telemetry.getGeneration(), 0),
                below("step", telemetry.getStep(), 0),
                below("timestampMs", telemetry.getTimestampMs(), 0),
                below("worldSize", telemetry.getWorldSize(), 1),
                problemOfRank(telemetry),
                negative("gradientNorm", telemetry.getGradientNorm()),
                negative("learningRate", telemetry.getLearningRate()),
                negative("learningRateScale", telemetry.getLearningRateScale()),
                negative("maxAttentionLogit", telemetry.getMaxAttentionLogit()),
                problemOfSpectraStep(telemetry),
                problemOfLayers(telemetry),
                ProfilesValidation.problemOf(telemetry)));
    }

    /** What is wrong with an outcome under this key; empty when nothing is. */
    public static Optional<String> problemOf(@Nullable String key, InterventionOutcome outcome) {
        return Optional.ofNullable(first(
                runProblem(key, outcome.getRun()),
                below("generation", outcome.getGeneration(), 0),
                below("processRank", outcome.getProcessRank(), 0),
                outcome.getCommandId().isEmpty() ? "commandId is empty" : null));
    }

    /** What is wrong with the run that a record under this key names; empty when nothing is. */
    public static Optional<String> problemOfRun(@Nullable String key, String run) {
        return Optional.ofNullable(runProblem(key, run));
    }

    private static @Nullable String runProblem(@Nullable String key, String run) {
        if (!RUN.matcher(run).matches()) {
            return "run is not 1 to 200 characters of [A-Za-z0-9._-] not starting with a dot";
        }
        return run.equals(key) ? null : "key is not the run: key=" + key + " run=" + run;
    }

    private static @Nullable String problemOfRank(StepTelemetry telemetry) {
        int rank = telemetry.getProcessRank();
        boolean inWorld = rank >= 0 && rank < telemetry.getWorldSize();
        return inWorld ? null : "processRank=" + rank + " is not below worldSize=" + telemetry.getWorldSize();
    }

    private static @Nullable String problemOfSpectraStep(StepTelemetry telemetry) {
        long spectraStep = telemetry.getSpectraStep();
        if (spectraStep > telemetry.getStep()) {
            return "spectraStep=" + spectraStep + " is after step=" + telemetry.getStep();
        }
        boolean missing = spectraStep < 0 && !telemetry.getLayers().isEmpty();
        return missing ? "layers without a spectraStep" : below("spectraStep", spectraStep, -1);
    }

    private static @Nullable String problemOfLayers(StepTelemetry telemetry) {
        Set<String> names = new HashSet<>();
        for (LayerSpectrum layer : telemetry.getLayers()) {
            if (!names.add(layer.getName())) {
                return "layer " + layer.getName() + " twice in one record";
            }
            String problem = problemOfLayer(layer);
            if (problem != null) {
                return "layer " + layer.getName() + ": " + problem;
            }
        }
        return null;
    }

    private static @Nullable String problemOfLayer(LayerSpectrum layer) {
        int length = layer.getName().length();
        return first(
                length == 0 || length > LONGEST_NAME ? "name is empty or longer than " + LONGEST_NAME : null,
                below("rows", layer.getRows(), 1),
                below("columns", layer.getColumns(), 1),
                negative("frobeniusNorm", layer.getFrobeniusNorm()),
                negative("spectralNorm", layer.getSpectralNorm()),
                negative("stableRank", layer.getStableRank()));
    }
}
