package io.instabilityguard.guard.deadletter;

import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.RegistryUnavailableException;
import io.instabilityguard.schemas.StepTrace;
import io.instabilityguard.schemas.signature.RecordSignature;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/** Makes dead letters, and draws the line between a bad record and a bad moment. */
public final class DeadLetters {

    private static final int LONGEST_CAUSE = 1_000;

    /** A letter must be smaller than the largest record that a producer sends by default, 1 MiB. */
    private static final int MOST_BYTES = 1_000_000;

    private static final List<String> KEPT_HEADERS =
            List.of(RecordSignature.KEY_ID, RecordSignature.SIGNATURE, StepTrace.HEADER);

    /** Longer than any of them is. */
    private static final int LONGEST_HEADER = 128;

    private DeadLetters() {}

    /**
     * Whether the same record may well succeed after a restart: trouble of Kafka's own (fencing, time-outs, stores) is the platform's to
     * retry; anything else is the record's fault and would come back for ever.
     */
    public static boolean isRecoverable(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof KafkaException && !isOfTheRecord(cause)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOfTheRecord(Throwable cause) {
        return cause instanceof SerializationException && !(cause instanceof RegistryUnavailableException);
    }

    /**
     * A dead letter for a record that came from {@code origin}. The record's own time is kept, so that a replay gives the same letter. A key and value that are
     * too long for a letter are left out, which its cause says: they are to be read at their origin.
     */
    public static DeadLetter letter(
            Origin origin, String stage, String cause, byte @Nullable [] key, byte @Nullable [] value) {
        int bytes = length(key) + length(value);
        if (bytes > MOST_BYTES) {
            return letter(origin, stage, bytes + " bytes, too long for a letter; " + cause, null, null);
        }
        DeadLetter.Builder letter = DeadLetter.newBuilder()
                .setTopic(origin.topic())
                .setPartition(origin.partition())
                .setOffset(origin.offset())
                .setRecordTimestampMs(origin.timestampMs())
                .setStage(stage)
                .setCause(oneLine(cause))
                .setTimestampMs(origin.timestampMs());
        if (key != null) {
            letter.setKey(ByteBuffer.wrap(key));
        }
        if (value != null) {
            letter.setValue(ByteBuffer.wrap(value));
        }
        return letter.build();
    }

    /** What a letter keeps of a record's headers, so that it can be redriven as it was: its signature and its trace. Anything else could make it too long. */
    public static Headers headersOf(Headers origin) {
        Headers kept = new RecordHeaders();
        for (String name : KEPT_HEADERS) {
            Header last = origin.lastHeader(name);
            if (last != null && last.value() != null && last.value().length <= LONGEST_HEADER) {
                kept.add(last);
            }
        }
        return kept;
    }

    private static int length(byte @Nullable [] bytes) {
        return bytes == null ? 0 : bytes.length;
    }

    /** The failure's type and message and those of its innermost cause. */
    static String causeOf(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return failure == root ? describe(failure) : describe(failure) + "; because of " + describe(root);
    }

    private static String describe(Throwable failure) {
        return failure.getClass().getSimpleName() + ": " + failure.getMessage();
    }

    private static String oneLine(String text) {
        String line = text.replaceAll("\\s+", " ");
        return line.length() <= LONGEST_CAUSE ? line : line.substring(0, LONGEST_CAUSE);
    }

    /** Where a record came from: topic, partition, offset there, and its own time in epoch milliseconds; no topic and -1 for what no record caused. */
    public record Origin(String topic, int partition, long offset, long timestampMs) {}
}
