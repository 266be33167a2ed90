package io.instabilityguard.evaluation.fuzz;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Changes a tree of keys and values: other types, absurd values, keys that go, come or are misspelt, whole subtrees moved. */
final class JsonMutation {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int MOST_CHANGES = 3;
    private static final int DEEP = 60;

    private JsonMutation() {}

    /** A changed copy. */
    static JsonNode mutate(ContainerNode<?> sample, RandomGenerator random) {
        ContainerNode<?> tree = (ContainerNode<?>) sample.deepCopy();
        for (int changes = random.nextInt(MOST_CHANGES); changes >= 0; changes--) {
            List<ContainerNode<?>> containers = new ArrayList<>();
            collect(tree, containers);
            ContainerNode<?> chosen = containers.get(random.nextInt(containers.size()));
            change(chosen, containers.get(random.nextInt(containers.size())), random);
        }
        return tree;
    }

    private static void collect(JsonNode node, List<ContainerNode<?>> containers) {
        if (node instanceof ContainerNode<?> container) {
            containers.add(container);
            container.forEach(child -> collect(child, containers));
        }
    }

    private static void change(ContainerNode<?> chosen, ContainerNode<?> other, RandomGenerator random) {
        JsonNode value = random.nextInt(4) == 0 ? other.deepCopy() : value(random);
        if (chosen instanceof ObjectNode object) {
            change(object, value, random);
        } else if (chosen instanceof ArrayNode array) {
            change(array, value, random);
        }
    }

    private static void change(ObjectNode object, JsonNode value, RandomGenerator random) {
        List<String> keys = new ArrayList<>();
        object.fieldNames().forEachRemaining(keys::add);
        String key = keys.isEmpty() ? "" : keys.get(random.nextInt(keys.size()));
        switch (random.nextInt(6)) {
            case 0 -> object.remove(key);
            case 1 -> object.set(name(key, random), value);
            default -> object.set(key, value);
        }
    }

    private static void change(ArrayNode array, JsonNode value, RandomGenerator random) {
        int at = random.nextInt(array.size() + 1);
        if (at < array.size() && random.nextBoolean()) {
            array.set(at, value);
        } else {
            for (int copies = random.nextInt(1, 200); copies > 0; copies -= 20) {
                array.insert(at, value);
            }
        }
    }

    private static String name(String key, RandomGenerator random) {
        return switch (random.nextInt(5)) {
            case 0 -> key + "s";
            case 1 -> "";
            case 2 -> "a\nb\u0000\"\u2028\ud800";
            case 3 -> "k".repeat(random.nextInt(2_000));
            default -> key.toUpperCase(java.util.Locale.ROOT);
        };
    }

    /** Some value that nobody expects. */
    static JsonNode value(RandomGenerator random) {
        return switch (random.nextInt(16)) {
            case 0 -> NODES.nullNode();
            case 1 -> NODES.booleanNode(random.nextBoolean());
            case 2 -> NODES.numberNode(random.nextInt(-2, 3));
            case 3 -> NODES.numberNode(random.nextLong());
            case 4 -> NODES.numberNode(Integer.MAX_VALUE);
            case 5 -> NODES.numberNode(Long.MIN_VALUE);
            case 6 -> NODES.numberNode(BigInteger.TEN.pow(random.nextInt(100)));
            case 7 -> NODES.numberNode(random.nextDouble() * 1e300);
            case 8 -> NODES.numberNode(Double.NaN);
            case 9 -> NODES.numberNode(Double.NEGATIVE_INFINITY);
            case 10 -> NODES.textNode("");
            case 11 -> NODES.textNode("../../etc/\n\u0000\u2028\ud83d\ude00\udc00");
            case 12 -> NODES.textNode("x".repeat(random.nextInt(3_000)));
            case 13 -> NODES.arrayNode();
            case 14 -> NODES.objectNode();
            default -> deep(random.nextInt(DEEP));
        };
    }

    private static JsonNode deep(int levels) {
        JsonNode node = NODES.arrayNode();
        for (int i = 0; i < levels; i++) {
            node = NODES.arrayNode().add(node);
        }
        return node;
    }
}
