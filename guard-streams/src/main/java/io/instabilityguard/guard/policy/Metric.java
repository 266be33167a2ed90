package io.instabilityguard.guard.policy;

import io.instabilityguard.schemas.StepTelemetry;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** A measured quantity: its name in records, where it comes from, and how many layers of it become one number unless a policy says otherwise. */
public enum Metric {
    /** Training loss of the step. */
    LOSS("loss", StepTelemetry::getLoss),
    /** Global gradient norm before clipping. */
    GRADIENT_NORM("gradientNorm", StepTelemetry::getGradientNorm),
    /** Largest absolute attention logit before the softmax. */
    MAX_ATTENTION_LOGIT("maxAttentionLogit", StepTelemetry::getMaxAttentionLogit),
    /** Largest learning rate in effect. */
    LEARNING_RATE("learningRate", StepTelemetry::getLearningRate),
    /** The guard's own factor on the learning rate. */
    LEARNING_RATE_SCALE("learningRateScale", StepTelemetry::getLearningRateScale),

    /** Stable rank of weight matrices, {@code ||W||_F^2 / ||W||_2^2}. */
    STABLE_RANK("stableRank", Source.SPECTRA, Reduction.MEAN),
    /** Largest singular value of weight matrices. */
    SPECTRAL_NORM("spectralNorm", Source.SPECTRA, Reduction.GEOMETRIC_MEAN),
    /** Frobenius norm of weight matrices. */
    FROBENIUS_NORM("frobeniusNorm", Source.SPECTRA, Reduction.GEOMETRIC_MEAN),

    /** Largest absolute row sum of the composite mixing matrix: what the forward pass is amplified by. */
    FORWARD_GAIN("forwardGain", Source.MIXING, Reduction.MAX),
    /** Largest absolute column sum of the composite mixing matrix: what the gradient is amplified by. */
    BACKWARD_GAIN("backwardGain", Source.MIXING, Reduction.MAX),
    /** The larger of the two composite gains' absolute logarithms: amplification and attenuation alike. */
    LOG_GAIN("logGain", Source.MIXING, Reduction.MAX),
    /** Largest row sum of absolute values of the composite. */
    ABSOLUTE_FORWARD_GAIN("absoluteForwardGain", Source.MIXING, Reduction.MAX),
    /** Largest column sum of absolute values of the composite. */
    ABSOLUTE_BACKWARD_GAIN("absoluteBackwardGain", Source.MIXING, Reduction.MAX),
    /** Largest absolute logarithm of an absolute column sum of the composite. */
    LOG_WORST_COLUMN("logWorstColumn", Source.MIXING, Reduction.MAX),
    /** Smallest absolute row or column sum of the composite. */
    ATTENUATION("attenuation", Source.MIXING, Reduction.MIN),
    /** Largest forward gain of a single mixing layer. */
    LAYER_FORWARD_GAIN("layerForwardGain", Source.MIXING, Reduction.MAX),
    /** Largest backward gain of a single mixing layer. */
    LAYER_BACKWARD_GAIN("layerBackwardGain", Source.MIXING, Reduction.MAX),
    /** Largest distance of a row or column sum of a single layer from 1. */
    SINKHORN_RESIDUAL("sinkhornResidual", Source.MIXING, Reduction.MAX),
    /** Largest composite gain, forward or backward, of the matrices before projection. */
    UNPROJECTED_GAIN("unprojectedGain", Source.MIXING, Reduction.MAX),
    /** Number of mixing layers that the forward pass uses without projection. */
    FREE_MIXERS("freeMixers", Source.MIXING, Reduction.MAX),

    /** Share of Koopman modes near the unit circle. */
    NEAR_UNIT_MASS("nearUnitMass", Source.KOOPMAN, Reduction.MEAN),
    /** Share of Koopman modes outside of it. */
    OVER_UNIT_MASS("overUnitMass", Source.KOOPMAN, Reduction.MAX),
    /** Share of contracting Koopman modes. */
    CONTRACTING_MASS("contractingMass", Source.KOOPMAN, Reduction.MEAN),
    /** Largest modulus of the Koopman modes. */
    SPECTRAL_RADIUS("spectralRadius", Source.KOOPMAN, Reduction.MAX),
    /** How much of a block's action the linear map leaves out. */
    NONLINEARITY_RATIO("nonlinearityRatio", Source.KOOPMAN, Reduction.MAX),

    /** Entropy of attention per head. */
    ATTENTION_ENTROPY("attentionEntropy", Source.STATISTICS, Reduction.MIN),
    /** Largest attention logit per head. */
    ATTENTION_LOGIT_HEAD("attentionLogit", Source.STATISTICS, Reduction.MAX),
    /** Root mean square of the residual stream that leaves a block. */
    RESIDUAL_RMS("residualRms", Source.STATISTICS, Reduction.GEOMETRIC_MEAN),
    /** Norm of a matrix's change over the norm of the matrix. */
    UPDATE_RATIO("updateRatio", Source.STATISTICS, Reduction.MAX),
    /** Diversity of the signs of the cosine with the top right singular vector (Spectral Alignment, arXiv 2510.04202). */
    SIGN_DIVERSITY("signDiversity", Source.STATISTICS, Reduction.MIN),
    /** Effective rank of the first-order increment of query times key (arXiv 2606.28116). */
    QUERY_KEY_INCREMENT_RANK("queryKeyIncrementRank", Source.STATISTICS, Reduction.MIN),
    /** Spectral norm of a block's Jacobian. */
    BLOCK_NORM("blockNorm", Source.STATISTICS, Reduction.MAX),
    /** Alignment of a block's Jacobian with the next one's. */
    BLOCK_ALIGNMENT("blockAlignment", Source.STATISTICS, Reduction.MEAN),
    /** Logarithm of the norm of the product of the blocks' Jacobians. */
    BLOCK_PRODUCT_NORM("blockLogProductNorm", Source.STATISTICS, Reduction.MAX),
    /** Any statistic of layers, by its name in the records. */
    LAYER_STATISTIC("statistic", Source.STATISTICS, Reduction.MAX);

    private final String label;
    private final Source source;
    private final Reduction reduction;
    private final ToDoubleFunction<StepTelemetry> reader;

    Metric(String label, ToDoubleFunction<StepTelemetry> reader) {
        this(label, Source.STEP, Reduction.MAX, reader);
    }

    Metric(String label, Source source, Reduction reduction) {
        this(label, source, reduction, telemetry -> Double.NaN);
    }

    Metric(String label, Source source, Reduction reduction, ToDoubleFunction<StepTelemetry> reader) {
        this.label = label;
        this.source = source;
        this.reduction = reduction;
        this.reader = reader;
    }

    /** Where a metric comes from. */
    public enum Source {
        /** One number in every record. */
        STEP,
        /** Weight spectra, one per matrix, on some records. */
        SPECTRA,
        /** The product of all mixing matrices of one step. */
        MIXING,
        /** Koopman profiles, one per block. */
        KOOPMAN,
        /** Named statistics, one list per layer. */
        STATISTICS
    }

    /** The scalars that must be finite for a step to be learned from. */
    public static Set<Metric> scalars() {
        return EnumSet.of(LOSS, GRADIENT_NORM, MAX_ATTENTION_LOGIT);
    }

    /** The metrics that a policy names after {@code metric}. */
    static Set<Metric> named() {
        return EnumSet.complementOf(EnumSet.of(LAYER_STATISTIC));
    }

    /** The name in records and messages. */
    public String label() {
        return label;
    }

    /** Where it comes from. */
    public Source source() {
        return source;
    }

    /** How several layers become one number by default. */
    public Reduction reduction() {
        return reduction;
    }

    /** The value in a record; NaN for a metric of layers. */
    public double of(StepTelemetry telemetry) {
        return reader.applyAsDouble(telemetry);
    }
}
