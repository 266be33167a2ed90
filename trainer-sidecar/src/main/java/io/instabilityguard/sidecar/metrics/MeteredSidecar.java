package io.instabilityguard.sidecar.metrics;

import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;

/**
 * Counts into Micrometer. Names as Prometheus shows them: {@code guard_telemetry_records_total{state}}, {@code guard_steps_total},
 * {@code guard_samples_skipped_total}, {@code guard_messages_dropped_total}, {@code guard_hook_seconds} (what a step cost the trainer),
 * {@code guard_sample_seconds}, {@code guard_loop_seconds} (from a step's record to the arrival of the command that it led to, on this machine's
 * clock alone), {@code guard_outcomes_waiting}, {@code guard_sessions}, and those of the Kafka clients ({@code kafka_producer_…}, {@code kafka_consumer_…}).
 * Called by many threads.
 */
public final class MeteredSidecar implements SidecarMetrics, AutoCloseable {
    private static final double NANOS_PER_MILLI = 1e6;
    private static final Duration[] LOOP_BUCKETS = {
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5),
        Duration.ofSeconds(30)
    };

    private final MeterRegistry registry;
    private final AtomicInteger sessions;
    private final AtomicInteger waiting;
    private final Counter refusedSessions;
    private final Counter reported;
    private final Counter sent;
    private final Counter dropped;
    private final Counter trimmed;
    private final Counter steps;
    private final Counter skippedSamples;
    private final Counter droppedMessages;
    private final Counter refusedMeasurements;
    private final Counter shadowBytes;
    private final Counter numericsFailures;
    private final Counter commands;
    private final Counter unreadableCommands;
    private final DistributionSummary hook;
    private final Timer samples;
    private final Timer loop;
    private final List<AutoCloseable> clients = new ArrayList<>();

    /** Counts into {@code registry}, which stays the caller's. */
    public MeteredSidecar(MeterRegistry registry) {
        this.registry = registry;
        sessions = registry.gauge("guard.sessions", new AtomicInteger());
        waiting = registry.gauge("guard.outcomes.waiting", new AtomicInteger());
        refusedSessions = counter("guard.sessions.refused", "Connections that broke the protocol or lost their place.");
        reported = records("reported");
        sent = records("sent");
        dropped = records("dropped");
        trimmed = records("trimmed");
        steps = counter("guard.steps", "Steps that trainers told of.");
        skippedSamples = counter("guard.samples.skipped", "Samples of weights that a hook skipped.");
        droppedMessages = counter("guard.messages.dropped", "Messages that a hook dropped rather than wait.");
        refusedMeasurements = counter("guard.measurements.refused", "Parts of samples that were not believed.");
        shadowBytes = counter("guard.shadow.dropped.bytes", "Weights kept for a rollback that were dropped for room.");
        numericsFailures = counter("guard.numerics.failures", "Samples or commands that could not be computed.");
        commands = counter("guard.commands.received", "Commands for runs that are attached here.");
        unreadableCommands =
                counter("guard.commands.unreadable", "Records on the command topic that were not readable.");
        hook = DistributionSummary.builder("guard.hook.seconds")
                .description("What a step boundary cost the trainer, waiting on purpose excluded.")
                .publishPercentiles(0.5, 0.99)
                .register(registry);
        samples = Timer.builder("guard.sample")
                .description("Measuring one sample.")
                .publishPercentiles(0.5, 0.99)
                .register(registry);
        loop = Timer.builder("guard.loop")
                .description("From a step's record to the arrival of the command that it led to.")
                .serviceLevelObjectives(LOOP_BUCKETS)
                .register(registry);
    }

    @Override
    public void sessionOpened() {
        sessions.incrementAndGet();
    }

    @Override
    public void sessionClosed() {
        sessions.decrementAndGet();
    }

    @Override
    public void sessionRefused() {
        refusedSessions.increment();
    }

    @Override
    public void telemetryReported(StepTelemetry telemetry) {
        reported.increment();
        steps.increment();
        skippedSamples.increment(telemetry.getSkippedSamples());
        droppedMessages.increment(telemetry.getDroppedMessages());
        double seconds = telemetry.getHookMicros() / 1e6;
        if (seconds >= 0) {
            hook.record(seconds);
        }
    }

    @Override
    public void telemetrySent() {
        sent.increment();
    }

    @Override
    public void telemetryDropped() {
        dropped.increment();
    }

    @Override
    public void sampleMeasured(double millis) {
        samples.record((long) (millis * NANOS_PER_MILLI), TimeUnit.NANOSECONDS);
    }

    @Override
    public void measurementsRefused(int count) {
        refusedMeasurements.increment(count);
    }

    @Override
    public void telemetryTrimmed() {
        trimmed.increment();
    }

    @Override
    public void shadowDropped(long bytes) {
        shadowBytes.increment(bytes);
    }

    @Override
    public void numericsFailed() {
        numericsFailures.increment();
    }

    @Override
    public void commandReceived(double sinceStepMillis) {
        commands.increment();
        if (sinceStepMillis >= 0) {
            loop.record((long) (sinceStepMillis * NANOS_PER_MILLI), TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void commandUnreadable() {
        unreadableCommands.increment();
    }

    @Override
    public void outcomesWaiting(int count) {
        waiting.set(count);
    }

    @Override
    public synchronized void producing(Producer<?, ?> producer) {
        follow(new KafkaClientMetrics(producer));
    }

    @Override
    public synchronized void consuming(Consumer<?, ?> consumer) {
        follow(new KafkaClientMetrics(consumer));
    }

    /** Forgets the Kafka clients. */
    @Override
    public synchronized void close() throws Exception {
        for (AutoCloseable client : clients) {
            client.close();
        }
        clients.clear();
    }

    private void follow(KafkaClientMetrics client) {
        client.bindTo(registry);
        clients.add(client);
    }

    private Counter records(String state) {
        return Counter.builder("guard.telemetry.records")
                .description("Telemetry records; each is reported once, then sent or dropped once.")
                .tag("state", state)
                .register(registry);
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }
}
