package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.Hello.Role;
import io.instabilityguard.sidecar.mixing.SinkhornSettings;
import io.instabilityguard.sidecar.spectrum.Dtype;
import io.instabilityguard.sidecar.spectrum.MSign;
import io.instabilityguard.sidecar.spectrum.MatrixBackend;
import io.instabilityguard.sidecar.spectrum.PolarExpressPolarFactor;
import io.instabilityguard.sidecar.spectrum.PolarFactor;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import io.instabilityguard.sidecar.spectrum.SvdPolarFactor;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * From a command to the {@link Rewriting} that it asks for. Parameters:
 *
 * <ul>
 *   <li>{@code APPLY_MSIGN}: {@code steps} of Polar Express, {@value #FEWEST_STEPS} to {@value #MOST_STEPS} (few make a soft factor; fewer
 *       still would scatter the singular values and can lower the stable rank); 0, or absent: the exact polar factor
 *   <li>{@code REPROJECT_HC}: {@code iterations} (default 20), {@code epsilon} (default 1e-6)
 *   <li>{@code CLIP_ATTENTION_LOGITS}: {@code scale} in (0, 1], by which query and key are each multiplied; without it {@code threshold}
 *       (default 100): the scale is √(threshold / logit) then, from the largest logit that the hook reported last for the block
 *   <li>{@code ROLL_BACK}: none; {@code undoes} names the command
 * </ul>
 */
final class Rewritings {
    static final String ROLL_BACK = "ROLL_BACK";
    /** Kinds that replace weights. */
    static final Set<String> WEIGHT_KINDS = Set.of("APPLY_MSIGN", "REPROJECT_HC", "CLIP_ATTENTION_LOGITS");

    private static final int FEWEST_STEPS = 5;
    private static final int MOST_STEPS = 50;
    private static final int MOST_ITERATIONS = 100_000;
    private static final double THRESHOLD = 100;

    private final Hello hello;
    private final MatrixBackend backend;
    private final SpectrumProbe probe;
    private final MSign msign;
    private final AttentionLogits logits;
    private final ShadowStore.Session shadows;

    Rewritings(
            Hello hello,
            MatrixBackend backend,
            SpectrumProbe probe,
            AttentionLogits logits,
            ShadowStore.Session shadows) {
        this.hello = hello;
        this.backend = backend;
        this.probe = probe;
        this.msign = new MSign(backend, probe);
        this.logits = logits;
        this.shadows = shadows;
    }

    /** What to write into these slots; refused before anything is read when the command cannot be done on them. */
    Rewriting of(ReceivedCommand command, List<Integer> slots) throws RefusedException {
        List<Hello.Matrix> chosen =
                slots.stream().map(slot -> hello.matrices().get(slot)).toList();
        if (command.kind().equals(ROLL_BACK)) {
            return new ShadowRestore(probe, shadows.before(command.undoes()), this::dtype);
        }
        for (Hello.Matrix matrix : chosen) {
            require(command.layers().contains(matrix.name()), matrix.name() + " is not among the command's layers");
        }
        return switch (command.kind()) {
            case "APPLY_MSIGN" -> new PolarFactorRewriting(msign, factor(command.parameters()), this::dtype);
            case "REPROJECT_HC" -> reprojection(command.parameters(), chosen);
            case "CLIP_ATTENTION_LOGITS" -> clip(command.parameters(), chosen);
            default -> throw new RefusedException(command.kind() + " replaces no matrix");
        };
    }

    private static PolarFactor factor(Map<String, Double> parameters) throws RefusedException {
        double steps = parameters.getOrDefault("steps", 0.0);
        if (steps == 0) {
            return new SvdPolarFactor();
        }
        require(
                steps >= FEWEST_STEPS && steps <= MOST_STEPS,
                "steps=" + steps + ", but 0 (exact) or " + FEWEST_STEPS + " to " + MOST_STEPS + " are possible");
        return new PolarExpressPolarFactor((int) steps);
    }

    private Rewriting reprojection(Map<String, Double> parameters, List<Hello.Matrix> chosen) throws RefusedException {
        for (Hello.Matrix matrix : chosen) {
            require(
                    matrix.role() == Role.RESIDUAL_MIXING && matrix.rows() == matrix.columns(),
                    matrix.name() + " is no square RESIDUAL_MIXING matrix: name static hyper-connections only");
        }
        double iterations = parameters.getOrDefault("iterations", 20.0);
        double epsilon = parameters.getOrDefault("epsilon", 1e-6);
        require(
                iterations >= 1 && iterations <= MOST_ITERATIONS,
                "iterations=" + iterations + ", but 1 to " + MOST_ITERATIONS + " are possible");
        require(epsilon > 0 && epsilon <= 1, "epsilon=" + epsilon + ", but it must be in (0, 1]");
        return new Reprojection(probe, new SinkhornSettings(epsilon, (int) iterations, 0));
    }

    private Rewriting clip(Map<String, Double> parameters, List<Hello.Matrix> chosen) throws RefusedException {
        for (Hello.Matrix matrix : chosen) {
            require(
                    matrix.role() == Role.QUERY || matrix.role() == Role.KEY,
                    matrix.name() + " is neither QUERY nor KEY");
        }
        require(
                depths(chosen, Role.QUERY).equals(depths(chosen, Role.KEY)),
                "query and key must be named in pairs: one scaled alone changes more than the logits");
        Map<Integer, Double> scales = new HashMap<>();
        for (Hello.Matrix matrix : chosen) {
            scales.put(matrix.index(), scale(parameters, matrix));
        }
        return new LogitClip(backend, probe, slot -> scales.getOrDefault(slot, 1.0));
    }

    private static Set<Integer> depths(List<Hello.Matrix> matrices, Role role) {
        return matrices.stream()
                .filter(matrix -> matrix.role() == role)
                .map(Hello.Matrix::depth)
                .collect(Collectors.toSet());
    }

    private double scale(Map<String, Double> parameters, Hello.Matrix matrix) throws RefusedException {
        Double scale = parameters.get("scale");
        if (scale != null) {
            require(scale > 0 && scale <= 1, "scale=" + scale + ", but it must be in (0, 1]");
            return scale;
        }
        double threshold = parameters.getOrDefault("threshold", THRESHOLD);
        require(
                threshold > 0 && threshold < Double.POSITIVE_INFINITY,
                "threshold=" + threshold + ", but it must be above 0");
        OptionalDouble logit = logits.largest(matrix.depth());
        require(
                logit.isPresent(),
                "the attention logits of " + matrix.name()
                        + " are not known: let the hook report them, or give `scale`");
        return Math.sqrt(Math.min(1, threshold / logit.orElse(threshold)));
    }

    private Dtype dtype(int slot) {
        return Dtype.valueOf(hello.matrices().get(slot).dtype().toUpperCase(Locale.ROOT));
    }

    private static void require(boolean holds, String refusal) throws RefusedException {
        if (!holds) {
            throw new RefusedException(refusal);
        }
    }
}
