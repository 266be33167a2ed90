package io.instabilityguard.guard.console;

import static java.util.Objects.requireNonNull;

import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the bytes of a dead letter to where they came from, with the signature that they had, and notes it among the letters, in one transaction: both or
 * neither. Nothing is signed here: a forged record among the letters would become a true one by an operator's routine. The transactional id is the
 * letter's, so that of two who redrive the same letter at the same time one is fenced off, and who comes second sees the note.
 */
final class Redrive implements AutoCloseable {

    /** Header of the record that names its letter. */
    static final String HEADER = "guard.dead-letter";

    /** How the transactional ids begin. */
    static final String TRANSACTIONS = "guard-redrive-";

    private static final int ANSWER_MS = 10_000;

    private final LetterId id;
    private final Serializer<DeadLetter> letters;
    private final KafkaProducer<byte[], byte[]> producer;

    /** Makes ready for one letter and fences others off it. Errors: {@link org.apache.kafka.common.KafkaException}. */
    Redrive(ClusterOptions cluster, LetterId id) {
        this.id = id;
        this.letters = cluster.serdes().serde(Topics.DEAD_LETTERS).serializer();
        Map<String, Object> settings = new HashMap<>(cluster.clients());
        settings.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, TRANSACTIONS + id);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, ANSWER_MS);
        settings.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, ANSWER_MS);
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, 2 << 20);
        producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        producer.initTransactions();
    }

    /**
     * Redrives the letter unless something speaks against it, which is returned.
     *
     * @param box reads the letters; asked only now, when nobody else can redrive this one any more
     * @param original bytes of a record at its origin, for letters that hold none
     */
    Optional<String> send(Supplier<DeadLetterBox> box, Original original, boolean again, String by, long nowMs) {
        DeadLetterBox known = box.get();
        Optional<String> objection = known.objection(id, again);
        if (objection.isPresent()) {
            return objection;
        }
        DeadLetter letter = requireNonNull(known.letters().get(id));
        Optional<ProducerRecord<byte[], byte[]>> record = record(letter, known.headers(id), original);
        if (record.isEmpty()) {
            return Optional.of("letter " + id + " holds no value, nor does its origin any more");
        }
        String topic = Topics.DEAD_LETTERS.name();
        byte[] note = letters.serialize(topic, DeadLetterBox.note(id, by, nowMs));
        producer.beginTransaction();
        producer.send(record.get());
        producer.send(new ProducerRecord<>(topic, id.partition(), bytes(letter.getKey()), note));
        producer.commitTransaction();
        return Optional.empty();
    }

    private Optional<ProducerRecord<byte[], byte[]>> record(DeadLetter letter, Headers headers, Original original) {
        headers.add(HEADER, (Topics.DEAD_LETTERS.name() + "/" + id).getBytes(StandardCharsets.UTF_8));
        boolean isTooLong = letter.getKey() == null && letter.getValue() == null;
        Optional<Bytes> bytes = isTooLong
                ? original.of(letter.getTopic(), letter.getPartition(), letter.getOffset())
                : Optional.of(new Bytes(bytes(letter.getKey()), bytes(letter.getValue())));
        return bytes.map(found -> new ProducerRecord<>(
                letter.getTopic(),
                letter.getPartition(),
                letter.getRecordTimestampMs(),
                found.key(),
                found.value(),
                headers));
    }

    private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    @Override
    public void close() {
        producer.close();
    }

    /** Key and value of a record. */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    record Bytes(byte @Nullable [] key, byte @Nullable [] value) {}

    /** Finds a record where it first was. */
    interface Original {

        /** The record at an offset; empty when the topic does not hold it any more. */
        Optional<Bytes> of(String topic, int partition, long offset);
    }
}
