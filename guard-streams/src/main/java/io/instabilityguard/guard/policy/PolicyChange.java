package io.instabilityguard.guard.policy;

import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * One key in which two policies differ.
 *
 * @param key dotted
 * @param before value in the one, in JSON; empty where it has none
 * @param after value in the other, in JSON; empty where it has none
 */
public record PolicyChange(String key, String before, String after) {

    /** Every key in which two policies differ, by alphabet. */
    public static List<PolicyChange> between(Policy before, Policy after) {
        Map<String, String> old = PolicyTree.values(before.text());
        Map<String, String> now = PolicyTree.values(after.text());
        TreeSet<String> keys = new TreeSet<>(old.keySet());
        keys.addAll(now.keySet());
        return keys.stream()
                .map(key -> new PolicyChange(key, old.getOrDefault(key, ""), now.getOrDefault(key, "")))
                .filter(change -> !change.before.equals(change.after))
                .toList();
    }
}
