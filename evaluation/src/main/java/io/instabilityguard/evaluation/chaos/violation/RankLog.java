package io.instabilityguard.evaluation.chaos.violation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * What one rank of one generation wrote down itself.
 *
 * @param generation of the run
 * @param rank from 0 on
 * @param start null when it died before it began
 * @param steps those passed, in their order
 * @param end null when it did not come to its end
 */
public record RankLog(
        long generation,
        int rank,
        @Nullable Start start,
        List<Step> steps,
        @Nullable End end) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Its process, its first step and its weights before that, by name. */
    public record Start(long pid, long step, Map<String, float[]> weights) {}

    /**
     * One boundary.
     *
     * @param beginMs when {@code guard.step} was called, epoch milliseconds
     * @param endMs when it returned
     * @param scale the guard's factor on the learning rate afterwards
     * @param crc checksum of all weights before the call
     * @param before weights that the call changed, as they were
     * @param after the same, as they became
     * @param applied commands that the hook says it has applied in this call: id and step
     */
    public record Step(
            long step,
            double beginMs,
            double endMs,
            double scale,
            long crc,
            Map<String, float[]> before,
            Map<String, float[]> after,
            List<Applied> applied) {}

    /** A command that the hook says it has applied. */
    public record Applied(String id, long step) {}

    /** The step that it ended before, the hook's own counts and the weights then. */
    public record End(long step, Map<String, Long> statistics, Map<String, float[]> weights) {}

    /** Reads a log; a line that a kill tore is left out, and so is a log that was never begun. */
    public static RankLog read(Path file, long generation, int rank) {
        Start start = null;
        End end = null;
        List<Step> steps = new ArrayList<>();
        for (JsonNode line : lines(file)) {
            if (line.has("start")) {
                start = new Start(line.get("pid").asLong(), line.get("start").asLong(), weights(line.get("weights")));
            } else if (line.has("statistics")) {
                end = new End(line.get("end").asLong(), counts(line.get("statistics")), weights(line.get("weights")));
            } else {
                steps.add(step(line));
            }
        }
        return new RankLog(generation, rank, start, List.copyOf(steps), end);
    }

    private static List<JsonNode> lines(Path file) {
        List<JsonNode> lines = new ArrayList<>();
        try {
            for (String line :
                    Files.exists(file) ? Files.readAllLines(file, StandardCharsets.US_ASCII) : List.<String>of()) {
                lines.add(JSON.readTree(line));
            }
        } catch (com.fasterxml.jackson.core.JsonProcessingException torn) {
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException("the trainer's log cannot be read", e);
        }
        return lines;
    }

    private static Step step(JsonNode line) {
        return new Step(
                line.get("step").asLong(),
                line.get("begin").asDouble(),
                line.get("end").asDouble(),
                line.get("scale").asDouble(),
                line.get("crc").asLong(),
                weights(line.path("before")),
                weights(line.path("after")),
                applied(line.path("applied")));
    }

    private static List<Applied> applied(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(each -> new Applied(each.get(0).asText(), each.get(1).asLong()))
                .toList();
    }

    private static Map<String, Long> counts(JsonNode node) {
        Map<String, Long> counts = new LinkedHashMap<>();
        node.properties()
                .forEach(entry -> counts.put(entry.getKey(), entry.getValue().asLong()));
        return counts;
    }

    private static Map<String, float[]> weights(JsonNode node) {
        Map<String, float[]> weights = new LinkedHashMap<>();
        node.properties()
                .forEach(entry ->
                        weights.put(entry.getKey(), floats(entry.getValue().asText())));
        return weights;
    }

    private static float[] floats(String hex) {
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(hex)).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    /** For people: which process of which generation. */
    String name() {
        return "rank " + rank + " of generation " + generation;
    }

    /** The last step that it passed; the one before its first when none. */
    long lastStep() {
        return steps.isEmpty()
                ? start == null ? -1 : start.step() - 1
                : steps.get(steps.size() - 1).step();
    }
}
