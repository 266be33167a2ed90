package io.instabilityguard.evaluation.chaos.violation;

/**
 * A record as it lies in its topic.
 *
 * @param mark what the sender of telemetry marked it with; empty when it did not
 * @param key its key; empty when it has none
 * @param bytes as they were read
 * @param value what they mean
 */
record Message<V>(int partition, long offset, String mark, String key, byte[] bytes, V value) {
    String place() {
        return partition + "@" + offset;
    }
}
