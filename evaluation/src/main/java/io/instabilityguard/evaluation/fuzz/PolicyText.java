package io.instabilityguard.evaluation.fuzz;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Texts that look like policies: lines of a real one moved, lost and bent; a few of its keys with other values; YAML's stranger corners. */
final class PolicyText {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final int MOST_LINES = 60;
    private static final List<String> CORNERS = List.of(
            "&a [*a, *a]",
            "*nobody",
            "<<: *base",
            "<<: {mode: enforce}",
            "!!java.util.Date 2020-01-01",
            "!!binary aGVsbG8=",
            "!!int mode",
            "!!float x",
            "? [complex, key]\n: value",
            "? |\n  a key\n  of lines\n: 1",
            "--- \nmode: observe\n---\nmode: enforce",
            "%YAML 9.9\n---",
            "0x, 0b, 0o, 1_, +, -, .",
            "0x_",
            "0b2",
            "0o9",
            "190:20:30",
            "1_000_",
            "+",
            "1e999999999",
            "-1e-999999999",
            ".inf",
            ".nan",
            "2001-12-14t21:59:43.10-05:00",
            "~",
            "\"\\ud800\"",
            "\"\\x\"",
            "'unclosed",
            "\"un\nclosed",
            "|\n text",
            ">+9\n text",
            "\t tabbed: 1",
            "a: b: c",
            "- - - - - - - -",
            "{a: {a: {a: {a: {a: {a: 1}}}}}}",
            "\"key\\nof\\nlines\": 1",
            "mode: enforce\nmode: observe",
            "\ufeffmode: observe",
            "\u0000",
            "\u0085\u2028\u2029");

    private final List<String> lines;
    private final ObjectNode tree;

    /** Starts from this policy. */
    PolicyText(String policy) throws JsonProcessingException {
        lines = policy.lines().filter(line -> !line.strip().startsWith("#")).toList();
        tree = (ObjectNode) YAML.readTree(policy);
    }

    /** Some text. */
    String next(RandomGenerator random) {
        return switch (random.nextInt(4)) {
            case 0 -> bentLines(random);
            case 1 -> withCorner(overlay(tree, random), random);
            case 2 -> CORNERS.get(random.nextInt(CORNERS.size()));
            default -> overlay(tree, random);
        };
    }

    private String bentLines(RandomGenerator random) {
        int from = random.nextInt(lines.size());
        List<String> some =
                new ArrayList<>(lines.subList(from, Math.min(lines.size(), from + random.nextInt(MOST_LINES))));
        for (int changes = random.nextInt(4); changes >= 0 && !some.isEmpty(); changes--) {
            bend(some, random.nextInt(some.size()), random);
        }
        return String.join("\n", some);
    }

    private void bend(List<String> some, int at, RandomGenerator random) {
        switch (random.nextInt(5)) {
            case 0 -> some.remove(at);
            case 1 -> some.set(at, "  " + some.get(at));
            case 2 -> some.set(at, some.get(at).strip());
            case 3 -> some.add(at, lines.get(random.nextInt(lines.size())));
            default -> some.set(at, some.get(at) + CORNERS.get(random.nextInt(CORNERS.size())));
        }
    }

    private static String withCorner(String text, RandomGenerator random) {
        int at = random.nextInt(text.length() + 1);
        return text.substring(0, at) + CORNERS.get(random.nextInt(CORNERS.size())) + text.substring(at);
    }

    /** One path of the tree, or two, with something else at its end. */
    private static String overlay(ObjectNode tree, RandomGenerator random) {
        ObjectNode overlay = JsonNodeFactory.instance.objectNode();
        for (int paths = random.nextInt(2); paths >= 0; paths--) {
            copyPath(tree, overlay, random);
        }
        try {
            return YAML.writeValueAsString(overlay);
        } catch (JsonProcessingException e) {
            return overlay.toString();
        }
    }

    private static void copyPath(ObjectNode from, ObjectNode to, RandomGenerator random) {
        List<Map.Entry<String, JsonNode>> entries = new ArrayList<>(from.properties());
        if (entries.isEmpty()) {
            return;
        }
        Map.Entry<String, JsonNode> entry = entries.get(random.nextInt(entries.size()));
        if (entry.getValue() instanceof ObjectNode below && random.nextInt(12) > 0) {
            boolean isThere = to.get(entry.getKey()) instanceof ObjectNode;
            copyPath(below, isThere ? (ObjectNode) to.get(entry.getKey()) : to.putObject(entry.getKey()), random);
        } else if (random.nextInt(8) == 0) {
            to.set(entry.getKey() + "x", JsonMutation.value(random));
        } else {
            to.set(entry.getKey(), random.nextInt(3) == 0 ? entry.getValue() : JsonMutation.value(random));
        }
    }
}
