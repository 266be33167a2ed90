package io.instabilityguard.evaluation.campaign;

import io.instabilityguard.evaluation.UserError;
import io.instabilityguard.schemas.StepTelemetry;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;

/**
 * Telemetry of runs as the guard saw it, for research: per run an Avro container file, read back here, and the same as
 * JSON lines (gzip), one record per step with the field names of {@code StepTelemetry.avsc}, for everyone else.
 *
 * @param folder where they are
 */
public record Traces(Path folder) {
    private static final int DEFLATE_LEVEL = 6;

    /** Writes both files of a run. */
    void write(String scenario, String method, int seed, List<StepTelemetry> telemetry) {
        try {
            Files.createDirectories(folder);
            writeAvro(file(scenario, method, seed, ".avro"), telemetry);
            writeJson(file(scenario, method, seed, ".jsonl.gz"), telemetry);
        } catch (IOException e) {
            throw UserError.environment("cannot write the traces to " + folder + ": " + e.getMessage());
        }
    }

    private Path file(String scenario, String method, int seed, String suffix) {
        return folder.resolve(scenario + "." + method + "." + seed + suffix);
    }

    private static void writeAvro(Path file, List<StepTelemetry> telemetry) throws IOException {
        try (DataFileWriter<StepTelemetry> writer =
                new DataFileWriter<>(new SpecificDatumWriter<>(StepTelemetry.class))) {
            writer.setCodec(CodecFactory.deflateCodec(DEFLATE_LEVEL));
            writer.create(StepTelemetry.getClassSchema(), file.toFile());
            for (StepTelemetry step : telemetry) {
                writer.append(step);
            }
        }
    }

    private static void writeJson(Path file, List<StepTelemetry> telemetry) throws IOException {
        try (BufferedWriter writer = new BufferedWriter(
                new OutputStreamWriter(new GZIPOutputStream(Files.newOutputStream(file)), StandardCharsets.UTF_8))) {
            for (StepTelemetry step : telemetry) {
                writer.write(step.toString());
                writer.write('\n');
            }
        }
    }

    /** The telemetry of a run; empty when there is no trace of it. */
    public Optional<List<StepTelemetry>> read(String scenario, String method, int seed) {
        Path file = file(scenario, method, seed, ".avro");
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        List<StepTelemetry> telemetry = new ArrayList<>();
        try (DataFileReader<StepTelemetry> reader =
                new DataFileReader<>(file.toFile(), new SpecificDatumReader<>(StepTelemetry.class))) {
            reader.forEach(telemetry::add);
        } catch (IOException e) {
            throw UserError.environment("cannot read the trace " + file + ": " + e.getMessage());
        }
        return Optional.of(telemetry);
    }
}
