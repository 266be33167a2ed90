package io.instabilityguard.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

final class RocksDbMemoryTest {

    private static final int STORES = 8;
    private static final int VALUES = 6_000;
    private static final int VALUE_BYTES = 2_000;

    @TempDir
    Path folder;

    @Test
    void shouldBoundTheMemoryOfAllStoresTogether() throws RocksDBException {
        List<Options> all = new ArrayList<>();
        List<RocksDB> stores = new ArrayList<>();
        for (int i = 0; i < STORES; i++) {
            Options options = new Options().setCreateIfMissing(true).setTableFormatConfig(new BlockBasedTableConfig());
            new RocksDbMemory().setConfig("store-" + i, options, Map.of());
            all.add(options);
            stores.add(RocksDB.open(options, folder.resolve("store-" + i).toString()));
        }
        long most = 0;
        for (RocksDB store : stores) {
            fill(store);
            most = Math.max(most, RocksDbMemory.usedBytes());
        }
        assertThat(most).as("96 MB were written").isBetween(1L << 20, RocksDbMemory.TOTAL_BYTES);
        stores.forEach(RocksDB::close);
        all.forEach(Options::close);
    }

    private static void fill(RocksDB store) throws RocksDBException {
        Random random = new Random(7);
        byte[] value = new byte[VALUE_BYTES];
        for (int i = 0; i < VALUES; i++) {
            random.nextBytes(value);
            store.put(("key-" + i).getBytes(StandardCharsets.UTF_8), value);
            store.get(("key-" + i / 2).getBytes(StandardCharsets.UTF_8));
        }
    }
}
