package io.instabilityguard.evaluation.preflight;

import io.instabilityguard.evaluation.history.CompositeGain;
import io.instabilityguard.schemas.KoopmanProfile;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a model looks like at initialisation, and how risky that is. Computed from one telemetry record that holds spectra,
 * Koopman profiles and mixing matrices.
 *
 * @param risk the highest of all reasons
 * @param reasons one line each, the worst first
 * @param blocks Koopman profiles in the order of the forward pass
 * @param meanNearUnitMass over the profiles that may be used (RKSP's score); null without one
 * @param composite of all mixing matrices; null for a model without hyper-connections
 * @param matrices stable ranks against what random matrices of their shape have
 * @param advice recommended policy and learning rate, one line each
 * @param omissions what could not be measured and why, in the words of hook and sidecar
 * @param blindSpots what this report cannot see, one line each
 */
public record PreflightReport(
        Risk risk,
        List<String> reasons,
        List<Block> blocks,
        @Nullable Double meanNearUnitMass,
        @Nullable CompositeGain composite,
        List<Matrix> matrices,
        List<String> advice,
        List<String> omissions,
        List<String> blindSpots) {
    /** RKSP (arXiv 2602.22988, Fig. 7): at most this near-unit mass, proceed. */
    static final double LOW_MASS = 0.3;

    /**
     * RKSP, Table 1: the mean near-unit mass of its models without norm layers, 96 % of which diverged. Its Fig. 7 draws the
     * line at 0.5, but healthy pre-norm models of the reference trainer lie above that.
     */
    static final double HIGH_MASS = 0.8;

    /** A composite gain or attenuation beyond this factor is high risk: healthy mixing starts at 1. */
    static final double GAIN = 2;

    /** Below this share of its expectation a stable rank is no longer that of a random matrix. */
    static final double RANK_SHARE = 0.5;

    /** How much to worry; the exit code of {@code guard preflight} follows it. */
    public enum Risk {
        /** Proceed. */
        LOW(0),
        /** Proceed under observation. */
        MEDIUM(10),
        /** Change something first, or train under the guard. */
        HIGH(11);

        private final int exitCode;

        Risk(int exitCode) {
            this.exitCode = exitCode;
        }

        /** What the process exits with. */
        public int exitCode() {
            return exitCode;
        }
    }

    /** One block's Koopman profile; numbers are null where they are not finite, {@code abstained} says why it may not be used. */
    public record Block(
            String name,
            @Nullable Double nearUnitMass,
            @Nullable Double overUnitMass,
            @Nullable Double spectralRadius,
            @Nullable Double eigenvectorCondition,
            @Nullable Double nonlinearityRatio,
            String abstained) {
        static Block of(KoopmanProfile profile) {
            return new Block(
                    profile.getBlock(),
                    finite(profile.getNearUnitMass()),
                    finite(profile.getOverUnitMass()),
                    finite(profile.getSpectralRadius()),
                    finite(profile.getEigenvectorCondition()),
                    finite(profile.getNonlinearityRatio()),
                    profile.getAbstained());
        }
    }

    /**
     * One weight matrix.
     *
     * @param stableRank ‖W‖F² / ‖W‖₂²; null when the matrix is zero
     * @param expected of an m × n matrix of independent entries of variance σ²: E‖W‖F² = mnσ² and ‖W‖₂ ≈ σ(√m + √n)
     *     (Gordon's bound, Davidson and Szarek 2001), hence mn / (√m + √n)²
     */
    public record Matrix(String name, @Nullable Double stableRank, double expected) {
        static Matrix of(LayerSpectrum layer) {
            double roots = Math.sqrt(layer.getRows()) + Math.sqrt(layer.getColumns());
            double expected = (double) layer.getRows() * layer.getColumns() / (roots * roots);
            return new Matrix(
                    layer.getName(), layer.getFrobeniusNorm() > 0 ? finite(layer.getStableRank()) : null, expected);
        }

        boolean isZero() {
            return stableRank == null;
        }

        boolean isTooLow() {
            return stableRank != null && stableRank < RANK_SHARE * expected;
        }
    }

    /** The report on a record that was taken at initialisation. */
    public static PreflightReport of(StepTelemetry telemetry) {
        List<Block> blocks = telemetry.getKoopman().stream().map(Block::of).toList();
        List<Matrix> matrices = telemetry.getLayers().stream()
                .filter(layer -> layer.getRole() != MatrixRole.RESIDUAL_MIXING)
                .map(Matrix::of)
                .toList();
        Double mass = meanMass(blocks);
        CompositeGain composite = CompositeGain.of(telemetry.getMixing());
        List<Finding> findings = Stream.of(
                        mass(blocks, matrices, mass),
                        composite(composite),
                        ranks(matrices),
                        zeros(matrices),
                        finite(telemetry),
                        late(telemetry))
                .flatMap(List::stream)
                .sorted((a, b) -> b.risk().compareTo(a.risk()))
                .toList();
        Risk risk = findings.stream().map(Finding::risk).max(Risk::compareTo).orElse(Risk.LOW);
        return new PreflightReport(
                risk,
                findings.stream().map(Finding::reason).toList(),
                blocks,
                mass,
                composite,
                matrices,
                advice(risk, composite),
                telemetry.getOmissions(),
                unseen());
    }

    private record Finding(Risk risk, String reason) {}

    private static @Nullable Double meanMass(List<Block> blocks) {
        double mean = blocks.stream()
                .filter(block -> block.abstained().isEmpty() && block.nearUnitMass() != null)
                .mapToDouble(block -> block.nearUnitMass() == null ? Double.NaN : block.nearUnitMass())
                .average()
                .orElse(Double.NaN);
        return finite(mean);
    }

    private static List<Finding> mass(List<Block> blocks, List<Matrix> matrices, @Nullable Double mass) {
        if (mass == null) {
            String why = blocks.isEmpty()
                    ? "no snapshot of the residual stream was taken"
                    : blocks.get(0).abstained();
            return List.of(new Finding(Risk.MEDIUM, "the Koopman profiles say nothing: " + why));
        }
        String words = "mean near-unit mass %.2f over %d blocks".formatted(mass, blocks.size());
        if (mass <= LOW_MASS) {
            return List.of(new Finding(Risk.LOW, words + ", at most " + LOW_MASS));
        }
        if (mass < HIGH_MASS) {
            return List.of(new Finding(Risk.MEDIUM, words + ", between " + LOW_MASS + " and " + HIGH_MASS));
        }
        boolean isNearIdentity = matrices.stream().anyMatch(Matrix::isZero);
        return List.of(
                isNearIdentity
                        ? new Finding(
                                Risk.MEDIUM,
                                words + ", at least " + HIGH_MASS
                                        + ", but branches that start at zero make every block the "
                                        + "identity: the score says nothing here")
                        : new Finding(Risk.HIGH, words + ", at least " + HIGH_MASS));
    }

    private static List<Finding> composite(@Nullable CompositeGain gain) {
        if (gain == null) {
            return List.of();
        }
        String words = "composite gain of %d mixing layers: forward %.3g, backward %.3g"
                .formatted(gain.layers(), gain.forward(), gain.backward());
        if (gain.layers() < gain.total()) {
            return List.of(new Finding(
                    Risk.MEDIUM,
                    words + "; %d layers are on other pipeline stages".formatted(gain.total() - gain.layers())));
        }
        boolean isFar = Math.abs(gain.logarithm()) > Math.log(GAIN) || !Double.isFinite(gain.logarithm());
        return List.of(new Finding(isFar ? Risk.HIGH : Risk.LOW, words));
    }

    private static List<Finding> ranks(List<Matrix> matrices) {
        List<Matrix> low = matrices.stream().filter(Matrix::isTooLow).toList();
        return low.isEmpty()
                ? List.of()
                : List.of(new Finding(
                        Risk.MEDIUM,
                        "the stable rank of %d of %d matrices is less than half of what a random matrix has, first: %s with %.1f instead of %.1f"
                                .formatted(
                                        low.size(),
                                        matrices.size(),
                                        low.get(0).name(),
                                        low.get(0).stableRank(),
                                        low.get(0).expected())));
    }

    private static List<Finding> zeros(List<Matrix> matrices) {
        long zeros = matrices.stream().filter(Matrix::isZero).count();
        return zeros == 0
                ? List.of()
                : List.of(new Finding(Risk.LOW, "%d of %d matrices start at zero".formatted(zeros, matrices.size())));
    }

    private static List<Finding> finite(StepTelemetry telemetry) {
        boolean isBroken = telemetry.getLayers().stream().anyMatch(layer -> !layer.getFinite());
        return isBroken ? List.of(new Finding(Risk.HIGH, "a weight is not finite at initialisation")) : List.of();
    }

    private static List<Finding> late(StepTelemetry telemetry) {
        return telemetry.getSpectraStep() == 0
                ? List.of()
                : List.of(new Finding(
                        Risk.MEDIUM, "measured after step " + telemetry.getSpectraStep() + ", not at initialisation"));
    }

    private static List<String> advice(Risk risk, @Nullable CompositeGain composite) {
        List<String> advice = new ArrayList<>();
        advice.add(
                switch (risk) {
                    case LOW -> "policy: the default one in mode observe";
                    case MEDIUM -> "policy: the default one in mode observe, sample_every=10 or less during warm-up";
                    case HIGH -> "policy: the default one in mode enforce, sample_every=5 or less during warm-up";
                });
        if (composite != null) {
            advice.add(
                    "policy: keep switch-hyper-connections enabled and attach with sample_every=1, or train with projected mixing");
        }
        if (risk == Risk.HIGH) {
            advice.add(
                    "learning rate: start at half of what you planned, or double the warm-up; norm layers help more");
        } else {
            advice.add("learning rate: nothing here speaks against the planned one, and nothing for it");
        }
        return advice;
    }

    private static List<String> unseen() {
        return List.of(
                "weights are read after the first update: with warm-up that is a small one",
                "the learning rate and its schedule: they drive most divergences, and a forward pass cannot see them",
                "branches that start at zero: their blocks look like the identity, whatever they become",
                "near-unit mass is high in every model without norm layers: whether it tells lost runs within one is not measured");
    }

    static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
