package io.instabilityguard.guard.recording;

import io.instabilityguard.schemas.Topic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificDatumReader;

/**
 * One run's records in a file, see {@link RecordingWriter}. Older and newer schemas are read as today's.
 *
 * @param file the file
 * @param run the run
 */
public record Recording(Path file, String run) {

    /** Looks at a file. Errors: {@link IOException} in one line when it cannot be read or is no recording. */
    public static Recording open(Path file) throws IOException {
        try (DataFileReader<GenericRecord> avro = reader(file)) {
            String run = avro.getMetaString(RecordingFormat.RUN);
            String version = avro.getMetaString(RecordingFormat.VERSION_KEY);
            if (run == null || !RecordingFormat.VERSION.equals(version)) {
                throw new IOException(
                        file + " is an Avro file, but no recording that this guard reads: `guard record` makes one");
            }
            return new Recording(file, run);
        }
    }

    /** Hands every record to {@code reader}, in the order of the file. Errors: {@link IOException} in one line. */
    public void forEach(Consumer<Recorded> reader) throws IOException {
        try (DataFileReader<GenericRecord> avro = reader(file)) {
            while (avro.hasNext()) {
                reader.accept(RecordingFormat.fromAvro(avro.next()));
            }
            if (avro.previousSync() != Files.size(file)) {
                throw new IOException(file + " is torn: its end is missing");
            }
        } catch (AvroRuntimeException e) {
            throw new IOException(file + " is torn, or was written by a newer guard: " + e.getMessage(), e);
        }
    }

    /** Topics whose records a recording holds, those that the guard reads first. */
    public static List<Topic<?>> topics() {
        return RecordingFormat.TOPICS;
    }

    private static DataFileReader<GenericRecord> reader(Path file) throws IOException {
        try {
            return new DataFileReader<>(
                    file.toFile(),
                    new SpecificDatumReader<>(RecordingFormat.SCHEMA, RecordingFormat.SCHEMA, RecordingFormat.data()));
        } catch (IOException | AvroRuntimeException e) {
            throw new IOException(file + " is no recording: " + e.getMessage(), e);
        }
    }
}
