package io.instabilityguard.guard.console;

import io.instabilityguard.guard.console.TopicReader.Entry;
import io.instabilityguard.guard.progress.Progress;
import io.instabilityguard.guard.recording.RecordOrder;
import io.instabilityguard.guard.recording.Recorded;
import io.instabilityguard.guard.recording.RecordedHeader;
import io.instabilityguard.guard.recording.Recording;
import io.instabilityguard.guard.recording.RecordingWriter;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.RecordVerification;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What the topics hold of one run, copied into a recording.
 *
 * @param records how many were copied
 * @param telemetry how many of them are telemetry; without any there is no file
 * @param unreadable how many records of all runs could not be read
 */
public record RunCopy(long records, long telemetry, long unreadable) {

    /**
     * Copies, and shows how far it is unless a program reads the output. Errors: {@link org.apache.kafka.common.KafkaException} when the brokers do not answer, {@link IOException} in one line when the file cannot be written,
     * {@link io.instabilityguard.guard.policy.PolicyException} when no cluster is named.
     */
    public static RunCopy write(ClusterOptions cluster, String run, Path out, boolean isShown) throws IOException {
        Copying copying = new Copying(cluster, run, isShown);
        try (RecordingWriter writer = new RecordingWriter(out, run)) {
            copying.copy(new RecordOrder(writer::write));
            return new RunCopy(copying.telemetry == 0 ? 0 : writer.finish(), copying.telemetry, copying.unreadable);
        }
    }

    /** What to say of a run that has no telemetry. */
    public static String unknown(String run) {
        return "run " + run + " has no telemetry on these brokers: `guard runs ls` lists the runs";
    }

    /** The work, and what was counted on the way. */
    private static final class Copying {

        private static final Set<Topic<?>> OPERATORS = Set.of(Topics.OPERATOR, Topics.LEASES);

        private final ClusterOptions cluster;
        private final String run;
        private final boolean isShown;
        private final RecordVerification operators;
        private long telemetry;
        private long unreadable;

        Copying(ClusterOptions cluster, String run, boolean isShown) {
            this.cluster = cluster;
            this.run = run;
            this.isShown = isShown;
            this.operators = cluster.guard().operators();
        }

        void copy(RecordOrder order) {
            List<Topic<?>> topics = Recording.topics();
            int telemetryAt = topics.indexOf(Topics.TELEMETRY);
            for (int i = 0; i < topics.size(); i++) {
                if (i != telemetryAt) {
                    order.add(read(topics.get(i)), i > telemetryAt);
                }
            }
            try (TopicReader reader = new TopicReader(
                    cluster, records -> Progress.of("reading telemetry", records.getAsLong(), isShown))) {
                reader.read(Topics.TELEMETRY, entry -> {
                    if (run.equals(entry.record().key())) {
                        telemetry++;
                        order.pass(recorded(entry));
                    }
                });
                unreadable += reader.unreadable();
            }
            order.end();
        }

        private <V extends SpecificRecord> List<Recorded> read(Topic<V> topic) {
            List<Recorded> ofRun = new ArrayList<>();
            try (TopicReader reader = new TopicReader(cluster)) {
                reader.read(topic, entry -> {
                    if (run.equals(entry.record().key()) && entry.value() != null && isRead(topic, entry)) {
                        ofRun.add(recorded(entry));
                    }
                });
                unreadable += reader.unreadable();
            }
            return ofRun;
        }

        /** Of what operators write the guard reads only what it believes. */
        private boolean isRead(Topic<?> topic, Entry<?> entry) {
            return !OPERATORS.contains(topic) || entry.isBelieved(operators);
        }

        private static Recorded recorded(Entry<? extends SpecificRecord> entry) {
            ConsumerRecord<String, byte[]> record = entry.record();
            List<RecordedHeader> headers = StreamSupport.stream(record.headers().spliterator(), false)
                    .map(header ->
                            new RecordedHeader(header.key(), header.value() == null ? new byte[0] : header.value()))
                    .toList();
            return new Recorded(
                    record.topic(), record.partition(), record.offset(), record.timestamp(), headers, entry.value());
        }
    }
}
