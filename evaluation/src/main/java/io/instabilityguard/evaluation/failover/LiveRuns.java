package io.instabilityguard.evaluation.failover;

import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends the telemetry of all runs of a plan, step by step, on a thread of its own, as their sidecars would. */
final class LiveRuns implements AutoCloseable {
    private final FailoverPlan plan;
    private final KafkaProducer<String, StepTelemetry> producer;
    private final AtomicLong failures = new AtomicLong();
    private final long generation = System.currentTimeMillis();
    private final Thread thread = new Thread(this::send, "live-runs");
    private volatile int step = -1;

    LiveRuns(String bootstrapServers, FailoverPlan plan) {
        this.plan = plan;
        Map<String, Object> settings =
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers, ProducerConfig.ACKS_CONFIG, "all");
        this.producer = new KafkaProducer<>(
                settings,
                new StringSerializer(),
                RecordSerdes.of(Topics.TELEMETRY, Map.of()).serializer());
    }

    LiveRuns start() {
        thread.setDaemon(true);
        thread.start();
        return this;
    }

    private void send() {
        long due = System.nanoTime();
        for (int next = 0; next < plan.steps(); next++) {
            LockSupport.parkNanos(due - System.nanoTime());
            due += plan.stepMillis() * 1_000_000L;
            for (int run = 0; run < plan.runs(); run++) {
                StepTelemetry telemetry = plan.telemetry(run, next, generation, System.currentTimeMillis());
                producer.send(
                        new ProducerRecord<>(Topics.TELEMETRY.name(), telemetry.getRun(), telemetry),
                        (metadata, failure) -> failures.addAndGet(failure == null ? 0 : 1));
            }
            step = next;
        }
        producer.flush();
    }

    /** Waits until a step has been sent for every run. */
    void awaitStep(int wanted) {
        while (step < wanted && thread.isAlive()) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Waits until all is sent; how many records the brokers did not acknowledge. */
    long awaitEnd() {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return failures.get();
    }

    @Override
    public void close() {
        producer.close();
    }
}
