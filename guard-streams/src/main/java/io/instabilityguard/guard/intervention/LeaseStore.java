package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.lease.Lease;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.streams.state.KeyValueStore;

/** The leases as one guard has read their claims so far. They outlive the memory of their run: a claim counts until somebody ends it. */
final class LeaseStore {

    private final KeyValueStore<String, byte[]> store;
    private final Map<String, Lease> leases = new HashMap<>();

    LeaseStore(KeyValueStore<String, byte[]> store) {
        this.store = store;
    }

    Lease of(String run) {
        return leases.computeIfAbsent(run, key -> {
            byte[] bytes = store.get(key);
            return bytes == null ? Lease.FREE : MemoryCodec.decodeLease(bytes);
        });
    }

    void keep(String run, Lease lease) {
        store.put(run, MemoryCodec.encode(lease));
        leases.put(run, lease);
    }
}
