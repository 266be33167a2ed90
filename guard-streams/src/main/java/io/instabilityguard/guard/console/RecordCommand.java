package io.instabilityguard.guard.console;

import io.instabilityguard.guard.console.TopicReader.Entry;
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
import java.util.concurrent.Callable;
import java.util.stream.StreamSupport;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code guard record}: saves what the topics hold of one run. */
@Command(
        name = "record",
        description = {
            "Saves what the topics hold of one run: telemetry and what was answered, asked, found, decided and commanded, in the order in which the guard reads it.",
            "Left out is what the guards of --config refuse because nobody whom they trust signed it.",
            "The file is an Avro object container with its schema inside. Exit status 1: the run is unknown, or the file cannot be written."
        },
        footer = {"", "Example: guard record --run my-run --out my-run.avro"},
        mixinStandardHelpOptions = true)
final class RecordCommand extends ClusterCommand implements Callable<Integer> {

    private static final Set<Topic<?>> OPERATORS = Set.of(Topics.OPERATOR, Topics.LEASES);

    @Option(names = "--run", required = true, paramLabel = "R", description = "Id of the run.")
    private String run = "";

    @Option(
            names = "--out",
            required = true,
            paramLabel = "F",
            description = "File to write; one that exists is replaced when the new one is whole.")
    private Path out = Path.of("");

    private long telemetry;
    private long unreadable;
    private RecordVerification operators = RecordVerification.NONE;

    @Override
    public Integer call() throws IOException {
        try (RecordingWriter writer = new RecordingWriter(out, run)) {
            copy(new RecordOrder(writer::write));
            if (telemetry == 0) {
                return refuse("run " + run + " has no telemetry on these brokers: `guard runs ls` lists the runs");
            }
            long records = writer.finish();
            output.listing("run", "file", "records", "telemetry", "unreadable")
                    .add(run, out.toString(), records, telemetry, unreadable)
                    .print(out());
            return 0;
        }
    }

    private void copy(RecordOrder order) {
        operators = cluster.guard().operators();
        List<Topic<?>> topics = Recording.topics();
        int telemetryAt = topics.indexOf(Topics.TELEMETRY);
        for (int i = 0; i < topics.size(); i++) {
            if (i != telemetryAt) {
                order.add(read(topics.get(i)), i > telemetryAt);
            }
        }
        try (TopicReader reader = new TopicReader(cluster)) {
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
                .map(header -> new RecordedHeader(header.key(), header.value() == null ? new byte[0] : header.value()))
                .toList();
        return new Recorded(
                record.topic(), record.partition(), record.offset(), record.timestamp(), headers, entry.value());
    }
}
