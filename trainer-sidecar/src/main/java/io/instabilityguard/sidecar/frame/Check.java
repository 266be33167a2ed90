package io.instabilityguard.sidecar.frame;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What every message does with its fields: say in one way that one is out of range, and take an absent one for an empty one. */
final class Check {
    private Check() {}

    static void that(boolean holds, String field, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(field + " is " + value + ", must be " + expected);
        }
    }

    /** Refuses two entries of a list that say the same where each must say something of its own. */
    static <T> void distinct(String field, List<T> entries, Function<T, Object> key) {
        long distinct = entries.stream().map(key).distinct().count();
        that(distinct == entries.size(), field, "given twice", "different in each entry");
    }

    static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : List.copyOf(list);
    }

    static <V> Map<String, V> orEmpty(@Nullable Map<String, V> map) {
        return map == null ? Map.of() : Map.copyOf(map);
    }
}
