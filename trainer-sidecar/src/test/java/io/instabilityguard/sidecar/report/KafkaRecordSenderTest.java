package io.instabilityguard.sidecar.report;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.StepTrace;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.sidecar.Fakes;
import io.instabilityguard.sidecar.frame.Messages;
import io.instabilityguard.sidecar.sample.StepSample;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KafkaRecordSenderTest {
    private final List<MockProducer<String, StepTelemetry>> producers = new ArrayList<>();
    private final List<Optional<Exception>> done = new ArrayList<>();
    private final KafkaRecordSender<StepTelemetry> sender = new KafkaRecordSender<>(Topics.TELEMETRY, this::producer);
    private StepTelemetry telemetry;

    @BeforeEach
    void makeARecord() {
        Fakes.Sender<StepTelemetry> sink = new Fakes.Sender<>();
        TelemetryReporter reporter = new TelemetryReporter(sink, 1, 1 << 20, SidecarMetrics.NOOP, Fakes.clock());
        reporter.open(Messages.hello("run-1", 5).build()).report(Messages.step(3, false), StepSample.NONE, false);
        reporter.start();
        reporter.close();
        telemetry = sink.sent.get(0);
    }

    @Test
    void shouldSendToTheTopicKeyedByRunAndSayWhenItIsAcknowledged() {
        send();
        assertThat(done).isEmpty();
        producers.get(0).completeNext();

        assertThat(done).containsExactly(Optional.empty());
        assertThat(producers.get(0).history()).singleElement().satisfies(record -> {
            assertThat(record.topic()).isEqualTo("guard.telemetry.v1");
            assertThat(record.key()).isEqualTo("run-1");
            assertThat(record.value()).isEqualTo(telemetry);
        });
    }

    @Test
    void shouldCarryTheTraceInTheHeader() {
        send();

        assertThat(producers
                        .get(0)
                        .history()
                        .get(0)
                        .headers()
                        .lastHeader("traceparent")
                        .value())
                .asString(US_ASCII)
                .isEqualTo(StepTrace.of(telemetry));
    }

    @Test
    void shouldSayWhatWentWrongOnTheWay() {
        send();
        producers.get(0).errorNext(new TimeoutException("delivery timed out"));

        assertThat(done)
                .singleElement()
                .satisfies(failure -> assertThat(failure).containsInstanceOf(TimeoutException.class));
    }

    @Test
    void shouldKeepTheProducerWhenTheBrokerIsOnlyAway() {
        send();
        producers.get(0).sendException = new TimeoutException("no metadata");
        send();
        producers.get(0).sendException = null;
        send();

        assertThat(producers).hasSize(1);
        assertThat(done)
                .singleElement()
                .satisfies(failure -> assertThat(failure).isPresent());
    }

    @Test
    void shouldReplaceAProducerBeyondUse() {
        send();
        producers.get(0).sendException = new KafkaException("in an error state");
        send();
        send();

        assertThat(producers).hasSize(2);
        assertThat(producers.get(0).closed()).isTrue();
        assertThat(producers.get(1).history()).hasSize(1);
    }

    @Test
    void shouldCloseTheProducer() {
        send();
        sender.close();

        assertThat(producers.get(0).closed()).isTrue();
    }

    private void send() {
        sender.send("run-1", telemetry, StepTrace.of(telemetry), failure -> done.add(Optional.ofNullable(failure)));
    }

    private MockProducer<String, StepTelemetry> producer() {
        MockProducer<String, StepTelemetry> producer = new MockProducer<>(
                false,
                null,
                new StringSerializer(),
                RecordSerdes.of(Topics.TELEMETRY, Map.of()).serializer());
        producers.add(producer);
        return producer;
    }
}
