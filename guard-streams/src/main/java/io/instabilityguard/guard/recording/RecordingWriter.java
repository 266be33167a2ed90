package io.instabilityguard.guard.recording;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificDatumWriter;

/** Writes a recording beside its place and moves it there when it is whole: a file of this name is whole or not there. For one thread. */
public final class RecordingWriter implements AutoCloseable {

    /** The quickest: telemetry repeats the names of its layers, which any level takes out. */
    private static final int DEFLATE_LEVEL = 1;

    private final Path file;
    private final Path part;
    private final DataFileWriter<GenericRecord> avro;
    private long records;

    /** A writer for one run's records. Errors: {@link IOException} when the folder cannot be written to. */
    public RecordingWriter(Path file, String run) throws IOException {
        this.file = file.toAbsolutePath();
        this.part = Files.createTempFile(this.file.getParent(), "." + file.getFileName(), ".part");
        this.avro = new DataFileWriter<>(new SpecificDatumWriter<>(RecordingFormat.SCHEMA, RecordingFormat.data()));
        avro.setCodec(CodecFactory.deflateCodec(DEFLATE_LEVEL));
        avro.setMeta(RecordingFormat.RUN, run);
        avro.setMeta(RecordingFormat.VERSION_KEY, RecordingFormat.VERSION);
        avro.create(RecordingFormat.SCHEMA, part.toFile());
    }

    /** Appends a record. Errors: {@link UncheckedIOException}. */
    public void write(Recorded recorded) {
        try {
            avro.append(RecordingFormat.toAvro(recorded));
            records++;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts the recording in its place; how many records it holds. */
    public long finish() throws IOException {
        avro.fSync();
        avro.close();
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return records;
    }

    /** Leaves nothing behind of what was not finished. */
    @Override
    public void close() throws IOException {
        avro.close();
        Files.deleteIfExists(part);
    }
}
