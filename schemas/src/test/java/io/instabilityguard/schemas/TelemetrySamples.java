package io.instabilityguard.schemas;

import java.util.List;
import java.util.stream.IntStream;

/** A filled-in record of telemetry, the same every time. */
public final class TelemetrySamples {

    private TelemetrySamples() {}

    /** Step 1200 of a run, with this many layers; the last number of each layer is NaN. */
    public static StepTelemetry telemetry(int layers) {
        return StepTelemetry.newBuilder()
                .setRun(Samples.RUN)
                .setGeneration(Samples.GENERATION)
                .setProcessRank(0)
                .setWorldSize(2)
                .setStep(1200)
                .setTimestampMs(Samples.NOW)
                .setLoss(2.71875)
                .setGradientNorm(1.5)
                .setLearningRate(0.00048828125)
                .setLearningRateScale(1)
                .setMaxAttentionLogit(Double.NaN)
                .setSpectraStep(1198)
                .setLayers(IntStream.range(0, layers)
                        .mapToObj(TelemetrySamples::spectrum)
                        .toList())
                .setSkippedSamples(1)
                .setDroppedMessages(0)
                .setHookMicros(12.5)
                .setStepMillis(210.25)
                .setWaitMillis(0)
                .setAwaitsDecision(true)
                .setProfilesStep(1198)
                .setKoopman(List.of(koopmanProfile()))
                .setMixing(List.of(residualMixing()))
                .setStatistics(List.of(LayerStatistic.newBuilder()
                        .setMetric("attentionEntropy")
                        .setLayer("blocks.3")
                        .setDepth(3)
                        .setValues(List.of(1.5f, 0.25f))
                        .build()))
                .setOmissions(List.of("blocks.4: no snapshot, its output is not a tensor"))
                .setHeldReason("evaluating")
                .build();
    }

    private static KoopmanProfile koopmanProfile() {
        return KoopmanProfile.newBuilder()
                .setBlock("blocks.3")
                .setDepth(3)
                .setTokens(512)
                .setWidth(128)
                .setRank(2)
                .setNearUnitMass(0.5)
                .setOverUnitMass(0.5)
                .setContractingMass(0)
                .setSpectralRadius(1.25)
                .setEigenvectorCondition(Double.POSITIVE_INFINITY)
                .setNonlinearityRatio(0.75)
                .setMedianResidual(0.0625)
                .setKeptShare(1)
                .setEigenvalues(List.of(1.25f, 0f, 1f, 0f))
                .setAbstained("")
                .build();
    }

    private static ResidualMixing residualMixing() {
        return ResidualMixing.newBuilder()
                .setLayer("blocks.3.mixing")
                .setOrder(6)
                .setTotal(48)
                .setSize(2)
                .setProjected(true)
                .setDynamic(false)
                .setParameter("blocks.3.h_res")
                .setMixed(List.of(0.75f, 0.25f, 0.25f, 0.75f))
                .setUnprojected(List.of(3f, 1f, 1f, 3f))
                .build();
    }

    /** What was measured of one matrix. */
    static LayerSpectrum spectrum(int depth) {
        return LayerSpectrum.newBuilder()
                .setName("blocks." + depth + ".attention.qkv.weight[query]")
                .setDepth(depth)
                .setRole(MatrixRole.QUERY)
                .setRows(256)
                .setColumns(128)
                .setFinite(true)
                .setFrobeniusNorm(11.5f)
                .setSpectralNorm(4.25f)
                .setSpectralNormResidual(0.0001220703125f)
                .setStableRank(7.3125f)
                .setAlignment(Float.NaN)
                .build();
    }
}
