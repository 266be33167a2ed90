package io.instabilityguard.sidecar;

import io.instabilityguard.sidecar.command.AttentionLogits;
import io.instabilityguard.sidecar.command.CommandExecution;
import io.instabilityguard.sidecar.command.MatrixReplacement;
import io.instabilityguard.sidecar.command.ReceivedCommand;
import io.instabilityguard.sidecar.command.RunProgress;
import io.instabilityguard.sidecar.errors.DistinctErrors;
import io.instabilityguard.sidecar.errors.OneLine;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookLink;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.ProtocolException;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import io.instabilityguard.sidecar.frame.StagingFile;
import io.instabilityguard.sidecar.report.RunTelemetry;
import io.instabilityguard.sidecar.sample.DeviceSlots;
import io.instabilityguard.sidecar.sample.SampleCheck;
import io.instabilityguard.sidecar.sample.SampleContents;
import io.instabilityguard.sidecar.sample.StagedMatrices;
import io.instabilityguard.sidecar.sample.StepSample;
import io.instabilityguard.sidecar.sample.StepSampler;
import io.instabilityguard.sidecar.spectrum.SpectrumProbe;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One process of one run, from WELCOME to the end of its connection. Steps are reported at once, on the connection's thread;
 * measuring and repairing weights happen one after the other on the session's own. In lockstep steps go the same way as the
 * numerics, so that a step's record holds the spectra of that very step.
 */
final class TrainerSession {
    private static final Logger LOG = LoggerFactory.getLogger(TrainerSession.class);
    private static final int QUEUED_TASKS = 1024;

    private final Hello hello;
    private final StagingFile staging;
    private final Optional<DeviceSlots> device;
    private final HookLink link;
    private final SessionServices services;
    private final SampleCheck check;
    private final StepSampler sampler;
    private final AttentionLogits logits = new AttentionLogits();
    private final RunTelemetry telemetry;
    private final CommandExecution commands;
    private final ThreadPoolExecutor numerics;
    private final AtomicReference<StepSample> finished = new AtomicReference<>(StepSample.NONE);
    private final DistinctErrors errors = new DistinctErrors(LOG);
    private volatile boolean begun;

    TrainerSession(
            Hello hello, StagingFile staging, Optional<DeviceSlots> device, HookLink link, SessionServices services) {
        this.hello = hello;
        this.staging = staging;
        this.device = device;
        this.link = link;
        this.services = services;
        this.telemetry = services.reporter().open(hello);
        this.check = new SampleCheck(hello);
        StagedMatrices staged = new StagedMatrices(staging, hello, device);
        SpectrumProbe probe =
                new SpectrumProbe(services.backend(), hello.matrices().size());
        this.sampler = new StepSampler(
                hello, staged, services.backend(), probe, services.sampling(), services.metrics()::measurementsRefused);
        MatrixReplacement replacement = new MatrixReplacement(
                hello,
                staged,
                new MatrixReplacement.Tools(services.backend(), probe, logits, services.shadows()),
                services.clock().nanos());
        this.commands = new CommandExecution(hello, link, replacement, telemetry, services.commands());
        this.numerics = numerics(name());
        services.metrics().sessionOpened();
    }

    private static ThreadPoolExecutor numerics(String name) {
        return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(QUEUED_TASKS), task -> {
            Thread thread = new Thread(task, "numerics " + name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Run, generation and rank, for people. */
    String name() {
        return hello.run() + "/" + hello.generation() + "/" + hello.processRank();
    }

    Hello hello() {
        return hello;
    }

    /** The hook has been welcomed: takes up what is left of its commands, and new ones. */
    void begin() {
        commands.resume();
        begun = true;
    }

    /** A command that names this run, or whose key does. */
    void onCommand(ReceivedCommand command) {
        if (begun) {
            services.metrics().commandReceived(telemetry.millisSince(command.decidedAtStep()));
            commands.onCommand(command);
        }
    }

    void onProgress(RunProgress progress) {
        if (begun) {
            commands.onProgress(progress);
        }
    }

    void onMessage(HookMessage message) throws ProtocolException {
        if (message instanceof HookMessage.Step step) {
            onStep(step);
        } else if (message instanceof HookMessage.Apply apply) {
            onApply(apply);
        } else if (message instanceof HookMessage.Applied applied) {
            commands.onApplied(applied);
        } else if (message instanceof HookMessage.NotApplied notApplied) {
            commands.onNotApplied(notApplied);
        } else if (message instanceof HookMessage.Bye) {
            commands.onBye();
        } else {
            throw new ProtocolException("a second HELLO");
        }
    }

    /** Makes room for a newer session of the same process. */
    void giveWay() {
        link.refuse("a newer session of this run and process rank took its place");
        close();
    }

    /** The connection is over: stops computing and removes the staging file. */
    void close() {
        commands.close();
        if (!numerics.isShutdown()) {
            numerics.shutdown();
            services.metrics().sessionClosed();
        }
        try {
            device.ifPresent(DeviceSlots::close);
            staging.close();
        } catch (IOException | RuntimeException e) {
            errors.warn("giving the staged weights up", e);
        }
    }

    private void onStep(HookMessage.Step step) {
        commands.onStep(step.step());
        SampleContents contents = checked(step);
        if (hello.lockstep()) {
            submitLockstep(step, contents);
            return;
        }
        StepSample before = finished.getAndSet(StepSample.NONE);
        telemetry.report(step, step.sample() ? before : before.andOmitting(contents.lines()), false);
        if (step.sample() && !submit(() -> finished.set(measure(step.step(), contents)))) {
            link.send(new SidecarMessage.Sampled(step.step()));
        }
    }

    private SampleContents checked(HookMessage.Step step) {
        SampleContents contents = check.check(step);
        logits.observe(step.maxAttentionLogit(), contents.statistics());
        if (!contents.refusals().isEmpty()) {
            services.metrics().measurementsRefused(contents.refusals().size());
            contents.refusals().forEach(line -> errors.warn(name() + ": " + line));
        }
        return contents;
    }

    private void submitLockstep(HookMessage.Step step, SampleContents contents) {
        boolean accepted = submit(() -> telemetry.report(
                step, step.sample() ? measure(step.step(), contents) : StepSample.omitting(contents.lines()), true));
        if (!accepted) {
            telemetry.drop(step);
        }
    }

    private void onApply(HookMessage.Apply apply) {
        if (!submit(() -> commands.apply(apply))) {
            link.send(new SidecarMessage.Reject(apply.id(), "the sidecar has too much to compute"));
        }
    }

    /**
     * The sample of a step. The slots are the hook's again as soon as they have been read. Profiles wait when a command does, except in
     * lockstep, where the same step has to give the same record.
     */
    private StepSample measure(long step, SampleContents contents) {
        long start = services.clock().nanoTime();
        StepSample taken = take(step, contents);
        try {
            StepSample sample = taken.step() < 0
                    ? taken
                    : sampler.complete(taken, () -> !hello.lockstep() && commands.isReplacementOpen());
            services.metrics().sampleMeasured((services.clock().nanoTime() - start) / 1e6);
            return sample;
        } catch (RuntimeException e) {
            return lost("profiles of a sample were lost", e, taken);
        }
    }

    /** Whatever happens to the sample, the slots are the hook's again afterwards. */
    private StepSample take(long step, SampleContents contents) {
        try {
            return sampler.take(step, contents);
        } catch (IOException | RuntimeException e) {
            return lost("a sample was lost", e, StepSample.omitting(contents.lines()));
        } finally {
            link.send(new SidecarMessage.Sampled(step));
        }
    }

    private StepSample lost(String what, Exception cause, StepSample rest) {
        services.metrics().numericsFailed();
        errors.warn(name() + ": " + what, cause);
        return rest.andOmitting(List.of(OneLine.of(what + ": " + DistinctErrors.describe(cause))));
    }

    private boolean submit(Runnable task) {
        try {
            numerics.execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            services.metrics().numericsFailed();
            return false;
        }
    }
}
