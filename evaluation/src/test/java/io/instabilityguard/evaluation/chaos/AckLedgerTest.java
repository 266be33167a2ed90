package io.instabilityguard.evaluation.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.evaluation.chaos.violation.Acknowledgement;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AckLedgerTest {
    private static final RecordMetadata METADATA = new RecordMetadata(new TopicPartition("topic", 1), 41, 1, 0, 0, 0);

    @TempDir
    Path folder;

    @Test
    void shouldWriteDownWhatABrokerHasAcknowledgedAndNothingElse() {
        Path file = folder.resolve("acknowledged");
        AckLedger ledger = new AckLedger();
        ledger.configure(Map.of(AckLedger.FILE, file));
        ProducerRecord<Object, Object> sent = ledger.onSend(new ProducerRecord<>("topic", "run", "value"));
        ProducerRecord<Object, Object> lost = ledger.onSend(new ProducerRecord<>("topic", "run", "value"));
        ledger.onAcknowledgement(METADATA, null, sent.headers());
        ledger.onAcknowledgement(METADATA, new TimeoutException("no answer"), lost.headers());
        ledger.close();
        assertThat(Acknowledgement.read(file)).containsExactly(new Acknowledgement(markOf(sent), "topic", 1, 42));
        assertThat(markOf(lost)).isNotEqualTo(markOf(sent));
    }

    @Test
    void shouldLeaveOutALineThatAKillTore() throws IOException {
        Path file = Files.writeString(folder.resolve("acknowledged"), "mark topic 1 42\n");
        Files.writeString(file, "other topic 1", StandardOpenOption.APPEND);
        assertThat(Acknowledgement.read(file)).containsExactly(new Acknowledgement("mark", "topic", 1, 42));
        assertThat(Acknowledgement.read(folder.resolve("none"))).isEmpty();
    }

    private static String markOf(ProducerRecord<Object, Object> record) {
        return new String(record.headers().lastHeader(AckLedger.MARK).value(), StandardCharsets.US_ASCII);
    }
}
