package io.instabilityguard.sidecar.report;

import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.sidecar.errors.OneLine;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.sample.StepSample;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The telemetry of one session: turns steps into records, counts what was lost on the way and says so in the next record.
 * Records go out in the order of the calls; any thread.
 */
public final class RunTelemetry {
    private final Hello hello;
    private final TelemetryReporter reporter;
    private final SidecarClock clock;
    private final RecordBound bound;
    private final AtomicLong dropped = new AtomicLong();
    private final StepTimes sentAt = new StepTimes();

    RunTelemetry(Hello hello, TelemetryReporter reporter, SidecarClock clock, RecordBound bound) {
        this.hello = hello;
        this.reporter = reporter;
        this.clock = clock;
        this.bound = bound;
    }

    /** Reports a step with what was measured since the previous one. Never blocks. */
    public void report(HookMessage.Step step, StepSample sample, boolean awaitsDecision) {
        StepTelemetry telemetry = bound.trimmed(record(step, sample, dropped.getAndSet(0), awaitsDecision));
        if (!reporter.offer(this, telemetry)) {
            lost(telemetry);
        }
    }

    /** Counts a step that could not even be reported. */
    public void drop(HookMessage.Step step) {
        dropped.addAndGet(1 + step.droppedMessages());
    }

    /** Milliseconds since the telemetry of that step was handed to the producer; NaN when it is not remembered. */
    public double millisSince(long step) {
        return sentAt.millisSince(step, clock.nanoTime());
    }

    void handedOver(StepTelemetry telemetry) {
        sentAt.record(telemetry.getStep(), clock.nanoTime());
    }

    void lost(StepTelemetry telemetry) {
        dropped.addAndGet(1 + telemetry.getDroppedMessages());
    }

    private StepTelemetry record(HookMessage.Step step, StepSample sample, long lost, boolean awaitsDecision) {
        return StepTelemetry.newBuilder()
                .setRun(hello.run())
                .setGeneration(hello.generation())
                .setProcessRank(hello.processRank())
                .setWorldSize(hello.worldSize())
                .setStep(step.step())
                .setTimestampMs(clock.millis())
                .setLoss(step.loss())
                .setGradientNorm(step.gradientNorm())
                .setLearningRate(step.learningRate())
                .setLearningRateScale(step.learningRateScale())
                .setMaxAttentionLogit(step.maxAttentionLogit())
                .setSpectraStep(sample.step())
                .setLayers(sample.spectra().stream().map(LayerSpectra::of).toList())
                .setSkippedSamples(step.skippedSamples())
                .setDroppedMessages(step.droppedMessages() + lost)
                .setHookMicros(step.hookMicros())
                .setStepMillis(step.stepMillis())
                .setWaitMillis(step.waitMillis())
                .setAwaitsDecision(awaitsDecision)
                .setProfilesStep(sample.profilesStep())
                .setKoopman(sample.profiles().stream().map(SampleRecords::of).toList())
                .setMixing(sample.mixing().stream().map(SampleRecords::of).toList())
                .setStatistics(
                        sample.statistics().stream().map(SampleRecords::of).toList())
                .setOmissions(SampleRecords.omissions(sample.omissions()))
                .setHeldReason(OneLine.of(step.held()))
                .build();
    }
}
