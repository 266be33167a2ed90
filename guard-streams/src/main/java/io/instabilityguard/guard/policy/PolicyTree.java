package io.instabilityguard.guard.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.instabilityguard.schemas.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A policy as a tree of keys and values, before it is checked: read, laid over the default, hashed. */
final class PolicyTree {

    private static final String DEFAULT = "default-policy.yaml";
    private static final List<String> KEYS_SINCE_V2 = List.of("backlog", "proposals");
    private static final List<String> OF_NAMES = List.of("signals", "detectors", "interventions", "ladders");
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final ObjectMapper CANONICAL =
            new ObjectMapper().configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);

    private PolicyTree() {}

    /** A YAML text laid over the default policy. */
    static ObjectNode overDefault(String yaml) {
        return merge(defaultTree(), tree(yaml));
    }

    /** A YAML text laid over a policy's text in JSON. */
    static ObjectNode over(String json, String yaml) {
        return merge(stored(json), tree(yaml));
    }

    /**
     * A policy's text in JSON, which names all its signals, detectors, interventions and ladders: what a later default policy has of these is none of
     * it. Other keys that are later than the text are the default policy's.
     */
    static ObjectNode stored(String json) {
        try {
            ObjectNode stored = CANONICAL.readValue(json, ObjectNode.class);
            return merge(defaultTree().without(OF_NAMES), stored);
        } catch (JsonProcessingException e) {
            throw new PolicyException("not the text of a policy: " + e.getOriginalMessage());
        }
    }

    private static ObjectNode defaultTree() {
        try (InputStream in = PolicyReader.class.getResourceAsStream(DEFAULT)) {
            if (in == null) {
                throw new IllegalStateException(DEFAULT + " is not on the class path");
            }
            return tree(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(DEFAULT, e);
        }
    }

    private static ObjectNode tree(String yaml) {
        try {
            JsonNode node = YAML.readTree(yaml);
            if (node == null || node.isNull() || node.isMissingNode()) {
                return JsonNodeFactory.instance.objectNode();
            }
            if (node instanceof ObjectNode tree) {
                return tree;
            }
            throw new PolicyException("the policy must be a mapping of keys to values");
        } catch (JsonProcessingException e) {
            throw PolicyException.notYaml("", e);
        }
    }

    /** Lays {@code above} over {@code below}, in place; null takes a key away (RFC 7386). */
    private static ObjectNode merge(ObjectNode below, ObjectNode above) {
        above.properties().forEach(entry -> {
            boolean both = below.get(entry.getKey()) instanceof ObjectNode && entry.getValue() instanceof ObjectNode;
            if (both) {
                merge((ObjectNode) below.get(entry.getKey()), (ObjectNode) entry.getValue());
            } else if (entry.getValue().isNull()) {
                below.remove(entry.getKey());
            } else {
                below.set(entry.getKey(), entry.getValue());
            }
        });
        return below;
    }

    /** Every value of a policy's text in JSON, by its dotted key. */
    static Map<String, String> values(String json) {
        Map<String, String> values = new TreeMap<>();
        collect("", stored(json), values);
        return values;
    }

    private static void collect(String path, JsonNode node, Map<String, String> values) {
        if (node.isObject()) {
            node.properties()
                    .forEach(entry -> collect(
                            path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(), entry.getValue(), values));
        } else {
            values.put(path, node.toString());
        }
    }

    /** The hash of the tree without the keys that release v2 did not have. */
    static String hashAsOfV2(ObjectNode tree) {
        return hash(tree.deepCopy().without(KEYS_SINCE_V2));
    }

    /** SHA-256 (hex) of the tree with sorted keys: the same for every way to write it. */
    static String hash(ObjectNode tree) {
        try {
            Object sorted = CANONICAL.treeToValue(tree, Object.class);
            return Sha256.hex(CANONICAL.writeValueAsBytes(sorted));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a parsed policy can be written", e);
        }
    }
}
