package io.instabilityguard.sidecar.report;

import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/** Telemetry to {@code guard.telemetry.v1}. */
public final class KafkaTelemetrySender implements TelemetrySender {
    private final RecordProducer<StepTelemetry> producer;

    /** Sends with producers from this factory, whose {@code max.block.ms} bounds how long a dead broker holds the sender. */
    public KafkaTelemetrySender(Supplier<Producer<String, StepTelemetry>> factory) {
        this.producer = new RecordProducer<>(Topics.TELEMETRY, factory);
    }

    @Override
    public void send(StepTelemetry telemetry, Consumer<@Nullable Exception> done) {
        producer.send(telemetry.getRun(), telemetry, done);
    }

    @Override
    public void close() {
        producer.close();
    }
}
