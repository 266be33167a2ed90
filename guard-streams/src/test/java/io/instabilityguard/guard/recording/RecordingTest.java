package io.instabilityguard.guard.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.instabilityguard.guard.Telemetry;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RecordingTest {

    @TempDir
    Path folder;

    @Test
    void shouldGiveBackWhatWasRecorded() throws IOException {
        RecordedHeader header = new RecordedHeader("traceparent", "00-a-b-01".getBytes(StandardCharsets.UTF_8));
        StepTelemetry step = Telemetry.sampled(7, 3, 1).build();
        Path file = write(new Recorded(Topics.TELEMETRY.name(), 4, 99, 123, List.of(header), step));

        Recording recording = Recording.open(file);

        assertThat(recording.run()).isEqualTo(Telemetry.RUN);
        assertThat(read(recording)).singleElement().satisfies(recorded -> {
            assertThat(recorded.partition()).isEqualTo(4);
            assertThat(recorded.offset()).isEqualTo(99);
            assertThat(recorded.timestampMs()).isEqualTo(123);
            assertThat(recorded.value()).isEqualTo(step);
            assertThat(recorded.headers().get(0).name()).isEqualTo("traceparent");
            assertThat(recorded.headers().get(0).value()).isEqualTo(header.value());
        });
    }

    @Test
    void shouldBeReadableWithoutTheGuardsClasses() throws IOException {
        Path file = write(telemetry(1, 10));
        try (DataFileReader<GenericRecord> avro = new DataFileReader<>(file.toFile(), new GenericDatumReader<>())) {
            GenericRecord value = (GenericRecord) avro.next().get("value");
            assertThat(value.getSchema().getName()).isEqualTo("StepTelemetry");
            assertThat(value.get("step")).isEqualTo(1L);
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenItIsNotFinished() throws IOException {
        Path file = folder.resolve("run.avro");
        try (RecordingWriter writer = new RecordingWriter(file, Telemetry.RUN)) {
            writer.write(telemetry(1, 10));
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void shouldRefuseWhatIsNoRecordingInOneLine() throws IOException {
        Path text = Files.writeString(folder.resolve("text"), "loss went up");
        assertThatThrownBy(() -> Recording.open(text))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("text");
        assertThatThrownBy(() -> Recording.open(folder.resolve("missing"))).isInstanceOf(IOException.class);

        Path torn = write(telemetry(1, 10), telemetry(2, 20));
        byte[] bytes = Files.readAllBytes(torn);
        Files.write(torn, java.util.Arrays.copyOf(bytes, bytes.length - 20));
        assertThatThrownBy(() -> read(Recording.open(torn))).isInstanceOf(IOException.class);
    }

    @Test
    void shouldTakeTheTopicWhoseNextRecordIsTheOldest() {
        List<String> order = new ArrayList<>();
        RecordOrder records = new RecordOrder(recorded -> order.add(recorded.topic() + recorded.timestampMs()));
        records.add(List.of(at("outcomes", 10), at("outcomes", 5), at("outcomes", 40)), false);
        records.add(List.of(at("decisions", 10), at("decisions", 20)), true);

        records.pass(at("telemetry", 10));
        records.pass(at("telemetry", 20));
        records.end();

        assertThat(order)
                .as("what the guard reads, telemetry, then what it made of it; never one topic in another order")
                .containsExactly(
                        "outcomes10",
                        "outcomes5",
                        "telemetry10",
                        "decisions10",
                        "telemetry20",
                        "decisions20",
                        "outcomes40");
    }

    private static Recorded at(String topic, long timestampMs) {
        return new Recorded(
                topic, 0, 0, timestampMs, List.of(), Telemetry.calm(0).build());
    }

    private static Recorded telemetry(long step, long timestampMs) {
        return new Recorded(
                Topics.TELEMETRY.name(),
                0,
                step,
                timestampMs,
                List.of(),
                Telemetry.calm(step).build());
    }

    private Path write(Recorded... records) throws IOException {
        Path file = folder.resolve("run.avro");
        try (RecordingWriter writer = new RecordingWriter(file, Telemetry.RUN)) {
            Stream.of(records).forEach(writer::write);
            assertThat(writer.finish()).isEqualTo(records.length);
        }
        return file;
    }

    private static List<Recorded> read(Recording recording) throws IOException {
        List<Recorded> all = new ArrayList<>();
        recording.forEach(all::add);
        return all;
    }
}
