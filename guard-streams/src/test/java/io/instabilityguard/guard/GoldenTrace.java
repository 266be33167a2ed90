package io.instabilityguard.guard;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.StepTelemetry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** A run recorded with what the reference implementation of the rules decided at each step; see {@code golden/*.json}. */
public final class GoldenTrace {

    private static final Map<String, MatrixRole> ROLES = Map.of(
            "query", MatrixRole.QUERY,
            "key", MatrixRole.KEY,
            "value", MatrixRole.VALUE,
            "output", MatrixRole.OUTPUT);

    private final JsonNode trace;

    /** Reads {@code golden/<name>.json}. */
    public GoldenTrace(String name) {
        try (InputStream in = GoldenTrace.class.getResourceAsStream("/golden/" + name + ".json")) {
            trace = new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The telemetry, step by step, sampled steps with their norms. */
    public List<StepTelemetry> telemetry() {
        Map<Long, List<LayerSpectrum>> samples = samples();
        List<StepTelemetry> all = new ArrayList<>();
        for (JsonNode row : trace.get("steps")) {
            long step = row.get(0).asLong();
            List<LayerSpectrum> layers = samples.getOrDefault(step, List.of());
            all.add(Telemetry.calm(step)
                    .setLoss(number(row.get(1)))
                    .setGradientNorm(number(row.get(2)))
                    .setLearningRate(number(row.get(3)))
                    .setMaxAttentionLogit(number(row.get(4)))
                    .setSpectraStep(layers.isEmpty() ? -1 : step)
                    .setLayers(layers)
                    .build());
        }
        return all;
    }

    /** What was carried out: kinds (CUT, MSIGN) by the step of the boundary. */
    public Map<Long, List<String>> applied() {
        Map<Long, List<String>> applied = new TreeMap<>();
        trace.get("applied")
                .forEach(row -> applied.computeIfAbsent(row.get(0).asLong(), step -> new ArrayList<>())
                        .add(row.get(1).asText()));
        return applied;
    }

    /** The commands expected: kind by step. */
    public Map<Long, String> commands() {
        Map<Long, String> commands = new TreeMap<>();
        trace.get("expected").forEach(row -> {
            if (!row.get(1).isNull()) {
                commands.put(row.get(0).asLong(), row.get(1).asText());
            }
        });
        return commands;
    }

    /** The rules expected to hold, by step, under the names of the default policy. */
    public Map<Long, TreeSet<String>> rules() {
        Map<Long, TreeSet<String>> rules = new TreeMap<>();
        trace.get("expected").forEach(row -> {
            TreeSet<String> names = new TreeSet<>();
            row.get(2)
                    .forEach(name -> names.add(
                            name.asText().toLowerCase(java.util.Locale.ROOT).replace('_', '-')));
            rules.put(row.get(0).asLong(), names);
        });
        return rules;
    }

    private Map<Long, List<LayerSpectrum>> samples() {
        Map<Long, List<LayerSpectrum>> samples = new TreeMap<>();
        for (JsonNode row : trace.get("samples")) {
            List<LayerSpectrum> layers = new ArrayList<>();
            addLayers(layers, trace.get("attention"), row.get(1));
            addLayers(layers, trace.get("others"), row.get(2));
            samples.put(row.get(0).asLong(), layers);
        }
        return samples;
    }

    private static void addLayers(List<LayerSpectrum> layers, JsonNode names, JsonNode norms) {
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i).asText();
            layers.add(Telemetry.layer(name, role(name), number(norms.get(i)), 4));
        }
    }

    private static MatrixRole role(String name) {
        return ROLES.entrySet().stream()
                .filter(entry -> name.contains("." + entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(name.contains("up") ? MatrixRole.MLP_UP : MatrixRole.MLP_DOWN);
    }

    private static double number(JsonNode node) {
        return node.isTextual() ? Double.parseDouble(node.asText()) : node.asDouble();
    }
}
