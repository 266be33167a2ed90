package io.instabilityguard.evaluation.chaos;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Marks every record that a sidecar's producers send and writes down each that a broker acknowledged, one line each that survives the death of the process:
 * {@code mark topic partition offset}. A Kafka interceptor, named in the sidecar's configuration like any other; consumers get the same configuration, so it is one of theirs too and
 * does nothing there.
 */
public final class AckLedger implements ProducerInterceptor<Object, Object>, ConsumerInterceptor<Object, Object> {
    /** The setting that names the file. */
    public static final String FILE = "chaos.ack.ledger";

    /** The header with the mark of a record. */
    public static final String MARK = "chaos-mark";

    private @Nullable FileOutputStream file;

    /** Made by Kafka. */
    public AckLedger() {}

    @Override
    public void configure(Map<String, ?> settings) {
        String path = String.valueOf(Objects.requireNonNull(settings.get(FILE), FILE));
        try {
            file = new FileOutputStream(path, true);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + path, e);
        }
    }

    @Override
    public ProducerRecord<Object, Object> onSend(ProducerRecord<Object, Object> record) {
        record.headers().add(MARK, UUID.randomUUID().toString().getBytes(StandardCharsets.US_ASCII));
        return record;
    }

    @Override
    public void onAcknowledgement(RecordMetadata metadata, @Nullable Exception failure, Headers headers) {
        Header mark = headers == null ? null : headers.lastHeader(MARK);
        if (failure == null && mark != null && file != null) {
            write(String.join(
                    " ",
                    new String(mark.value(), StandardCharsets.US_ASCII),
                    metadata.topic(),
                    String.valueOf(metadata.partition()),
                    String.valueOf(metadata.offset())));
        }
    }

    /** One write per line: a kill tears at most the last one. Where no byte can be written the acknowledgement goes unproved. */
    private void write(String line) {
        try {
            Objects.requireNonNull(file).write((line + "\n").getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException("the ledger of acknowledgements cannot be written", e);
        }
    }

    @Override
    public ConsumerRecords<Object, Object> onConsume(ConsumerRecords<Object, Object> records) {
        return records;
    }

    @Override
    public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {
        // nobody asks for it: sidecars commit nothing
    }

    @Override
    public void close() {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the ledger of acknowledgements cannot be closed", e);
        }
    }
}
