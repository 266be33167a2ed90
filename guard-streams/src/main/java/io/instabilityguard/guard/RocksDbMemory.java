package io.instabilityguard.guard;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

/** Bounds the memory of all state stores of this process together, however many partitions there are: 64 MiB, of which 16 MiB may be unwritten. */
public final class RocksDbMemory implements RocksDBConfigSetter {

    static final long TOTAL_BYTES = 64L << 20;
    private static final long UNWRITTEN_BYTES = 16L << 20;
    private static final long UNWRITTEN_BYTES_PER_STORE = 4L << 20;
    private static final long BLOCK_BYTES = 16L << 10;
    private static final LRUCache CACHE;
    private static final WriteBufferManager UNWRITTEN;

    static {
        RocksDB.loadLibrary();
        CACHE = new LRUCache(TOTAL_BYTES);
        UNWRITTEN = new WriteBufferManager(UNWRITTEN_BYTES, CACHE);
    }

    /** What all stores of this process hold in memory now: cached blocks, indexes and filters, and what is not written yet. */
    static long usedBytes() {
        return CACHE.getUsage();
    }

    /** A setter; Kafka Streams makes one per store. */
    public RocksDbMemory() {}

    @Override
    public void setConfig(String store, Options options, Map<String, Object> configs) {
        BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
        table.setBlockCache(CACHE);
        table.setBlockSize(BLOCK_BYTES);
        table.setCacheIndexAndFilterBlocks(true);
        table.setCacheIndexAndFilterBlocksWithHighPriority(true);
        table.setPinTopLevelIndexAndFilter(true);
        options.setTableFormatConfig(table);
        options.setWriteBufferManager(UNWRITTEN);
        options.setMaxWriteBufferNumber(2);
        options.setWriteBufferSize(UNWRITTEN_BYTES_PER_STORE);
    }

    /** The cache outlives the stores: nothing to close. */
    @Override
    public void close(String store, Options options) {}
}
