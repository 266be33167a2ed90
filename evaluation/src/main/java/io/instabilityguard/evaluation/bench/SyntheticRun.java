package io.instabilityguard.evaluation.bench;

import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Telemetry of a healthy run of a model with many matrices, made up. */
final class SyntheticRun {
    static final int LAYERS = 224;

    private final String run;
    private final long generation;
    private final Random random;

    SyntheticRun(String run, long generation, Random random) {
        this.run = run;
        this.generation = generation;
        this.random = random;
    }

    /** A step whose decision is waited for. */
    StepTelemetry step(long step, long nowMs) {
        return StepTelemetry.newBuilder()
                .setRun(run)
                .setGeneration(generation)
                .setProcessRank(0)
                .setWorldSize(1)
                .setStep(step)
                .setTimestampMs(nowMs)
                .setLoss(3 + 0.05 * random.nextGaussian())
                .setGradientNorm(1 + 0.1 * random.nextGaussian())
                .setLearningRate(1e-3)
                .setLearningRateScale(1)
                .setMaxAttentionLogit(5)
                .setSpectraStep(step)
                .setLayers(layers())
                .setSkippedSamples(0)
                .setDroppedMessages(0)
                .setHookMicros(30)
                .setStepMillis(50)
                .setWaitMillis(0)
                .setAwaitsDecision(true)
                .build();
    }

    private List<LayerSpectrum> layers() {
        return IntStream.range(0, LAYERS).mapToObj(this::layer).toList();
    }

    private LayerSpectrum layer(int index) {
        float spectralNorm = (float) (2 + 0.01 * random.nextGaussian());
        float frobeniusNorm = 10;
        return LayerSpectrum.newBuilder()
                .setName("block." + index / 7 + ".matrix." + index % 7)
                .setDepth(index / 7)
                .setRole(MatrixRole.OTHER)
                .setRows(1024)
                .setColumns(1024)
                .setFinite(true)
                .setFrobeniusNorm(frobeniusNorm)
                .setSpectralNorm(spectralNorm)
                .setSpectralNormResidual(1e-4f)
                .setStableRank(frobeniusNorm * frobeniusNorm / (spectralNorm * spectralNorm))
                .setAlignment(Float.NaN)
                .build();
    }
}
