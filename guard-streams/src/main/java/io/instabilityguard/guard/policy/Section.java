package io.instabilityguard.guard.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One mapping of a YAML document, read strictly: every value is checked when it is asked for, and {@link #end()} rejects every key that nobody
 * asked for, naming the nearest one that exists. All messages name the dotted key.
 */
public final class Section {

    private final String path;
    private final JsonNode node;
    private final Set<String> known = new TreeSet<>();

    /** The mapping {@code node} at the dotted key {@code path} (empty for the document itself). */
    public Section(String path, JsonNode node) {
        this.path = path;
        this.node = node.isNull() || node.isMissingNode() ? JsonNodeFactory.instance.objectNode() : node;
        if (!this.node.isObject()) {
            throw wrong(path.isEmpty() ? "the document" : path, node, "a mapping of keys to values");
        }
    }

    /** The number at {@code key}, between {@code least} and {@code most}, both allowed. */
    public double number(String key, double least, double most) {
        JsonNode value = required(key);
        if (!value.isNumber() || !(value.doubleValue() >= least && value.doubleValue() <= most)) {
            throw wrong(dotted(key), value, "a number from " + plain(least) + " to " + plain(most));
        }
        return value.doubleValue();
    }

    /** The whole number at {@code key}, between {@code least} and {@code most}, both allowed. */
    public int whole(String key, int least, int most) {
        JsonNode value = required(key);
        if (!value.isIntegralNumber()
                || !value.canConvertToInt()
                || value.intValue() < least
                || value.intValue() > most) {
            throw wrong(dotted(key), value, "a whole number from " + least + " to " + most);
        }
        return value.intValue();
    }

    /** The whole number at {@code key}, or {@code otherwise} when there is none. */
    public int wholeOr(String key, int least, int most, int otherwise) {
        return has(key) ? whole(key, least, most) : otherwise;
    }

    /** The number at {@code key}, or {@code otherwise} when there is none. */
    public double numberOr(String key, double least, double most, double otherwise) {
        return has(key) ? number(key, least, most) : otherwise;
    }

    /** Whether {@code key} is there and true. */
    public boolean isSet(String key) {
        return has(key) && flag(key);
    }

    /** The text at {@code key}, not empty. */
    public String text(String key) {
        JsonNode value = required(key);
        if (!value.isTextual() || value.textValue().isBlank()) {
            throw wrong(dotted(key), value, "a text");
        }
        return value.textValue();
    }

    /** True or false at {@code key}. */
    public boolean flag(String key) {
        JsonNode value = required(key);
        if (!value.isBoolean()) {
            throw wrong(dotted(key), value, "true or false");
        }
        return value.booleanValue();
    }

    /** The constant of {@code type} whose name in lower case with hyphens stands at {@code key}; {@code allowed} says which may. */
    public <E extends Enum<E>> E choice(String key, Class<E> type, Set<E> allowed) {
        return constant(dotted(key), required(key), type, allowed);
    }

    /** A list of such constants, at least one. */
    public <E extends Enum<E>> Set<E> choices(String key, Class<E> type, Set<E> allowed) {
        return items(key).stream()
                .map(item -> constant(dotted(key), item, type, allowed))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** A list of texts at {@code key}, at least one. */
    public List<String> texts(String key) {
        return items(key).stream()
                .map(item -> {
                    if (!item.isTextual()) {
                        throw wrong(dotted(key), item, "a list of texts");
                    }
                    return item.textValue();
                })
                .toList();
    }

    /** The mapping at {@code key}; an empty one when it is missing. */
    public Section section(String key) {
        known.add(key);
        return new Section(dotted(key), node.path(key));
    }

    /** Every key here with the mapping below it, each read to its end by {@code reader}, in the order of the document. */
    public <T> Map<String, T> each(Function<Section, T> reader) {
        Map<String, T> all = new LinkedHashMap<>();
        node.fieldNames().forEachRemaining(key -> {
            Section below = section(key);
            all.put(key, reader.apply(below));
            below.end();
        });
        return all;
    }

    /** Every key here with its number. */
    public Map<String, Double> numbers(double least, double most) {
        Map<String, Double> all = new LinkedHashMap<>();
        node.fieldNames().forEachRemaining(key -> all.put(key, number(key, least, most)));
        return all;
    }

    /** Every key here with its value as plain text. Errors do not show the value: it may be a secret. */
    public Map<String, String> plain() {
        Map<String, String> all = new LinkedHashMap<>();
        node.fieldNames().forEachRemaining(key -> {
            if (!required(key).isValueNode()) {
                throw new PolicyException(dotted(key) + ": must be a single value");
            }
            all.put(key, node.get(key).asText());
        });
        return all;
    }

    /** Every key here. */
    public Set<String> keys() {
        Set<String> keys = new TreeSet<>();
        node.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    /** Whether there is a value at {@code key}. */
    public boolean has(String key) {
        known.add(key);
        return node.hasNonNull(key);
    }

    /** The dotted key of this mapping. */
    public String path() {
        return path;
    }

    /** The last part of the dotted key. */
    public String name() {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    /** A problem with the value at {@code key}: what was found and what is allowed. */
    public PolicyException wrong(String key, String allowed) {
        return wrong(dotted(key), node.path(key), allowed);
    }

    /** Rejects the keys that nobody asked for. */
    public void end() {
        node.fieldNames().forEachRemaining(key -> {
            if (!known.contains(key)) {
                throw new PolicyException(dotted(key) + ": unknown key; " + nearest(key, known));
            }
        });
    }

    private List<JsonNode> items(String key) {
        JsonNode value = required(key);
        if (!value.isArray() || value.isEmpty()) {
            throw wrong(dotted(key), value, "a list with at least one item");
        }
        List<JsonNode> items = new ArrayList<>();
        value.forEach(items::add);
        return items;
    }

    private JsonNode required(String key) {
        if (!has(key)) {
            throw new PolicyException(dotted(key) + ": missing");
        }
        return node.get(key);
    }

    private String dotted(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private static <E extends Enum<E>> E constant(String at, JsonNode value, Class<E> type, Set<E> allowed) {
        return Stream.of(type.getEnumConstants())
                .filter(constant ->
                        allowed.contains(constant) && spelled(constant).equals(value.asText()))
                .findFirst()
                .orElseThrow(() -> wrong(at, value, "one of " + spelled(allowed)));
    }

    private static String spelled(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String spelled(Set<? extends Enum<?>> constants) {
        return constants.stream().sorted().map(Section::spelled).collect(Collectors.joining(", "));
    }

    private static PolicyException wrong(String at, JsonNode value, String allowed) {
        return new PolicyException(
                at + ": must be " + allowed + ", not " + (value.isMissingNode() ? "missing" : value));
    }

    private static String plain(double bound) {
        return bound == Math.rint(bound) && Math.abs(bound) < 1e9
                ? String.valueOf((long) bound)
                : String.valueOf(bound);
    }

    /** Which of the known names was probably meant. */
    static String nearest(String key, Set<String> known) {
        return known.stream()
                .min((a, b) -> Integer.compare(distance(key, a), distance(key, b)))
                .map(best -> "did you mean " + best + "? Known here: " + String.join(", ", known))
                .orElse("no key is allowed here");
    }

    /** Levenshtein's edit distance. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(substituted, 1 + Math.min(above, row[j - 1]));
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
