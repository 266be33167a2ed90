package io.instabilityguard.evaluation.campaign;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.evaluation.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finished runs in a file, one JSON object per line, each on the disk before {@link #add} returns. A line that a crash
 * cut off is removed when the file is opened. Of two lines with the same key the later one holds. Thread-safe.
 */
public final class RunStore implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<RunKey, RunRecord> runs = new LinkedHashMap<>();
    private final FileChannel file;

    private RunStore(FileChannel file) {
        this.file = file;
    }

    /**
     * Opens the file, creating it when new.
     *
     * @throws UserError when it cannot be used, is in use or holds something else
     */
    public static RunStore open(Path path) {
        try {
            Path folder = path.toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            RunStore store = new RunStore(FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
            store.lock(path);
            store.load(path);
            return store;
        } catch (IOException e) {
            throw UserError.environment(
                    "cannot use the store " + path + " (" + e.getMessage() + "): name another with --store");
        }
    }

    /** Two writers would write over each other's lines. */
    private void lock(Path path) throws IOException {
        try {
            if (file.tryLock() != null) {
                return;
            }
        } catch (OverlappingFileLockException e) {
            // held by this very process
        }
        file.close();
        throw UserError.usage(
                "the store " + path + " is in use by another process: wait for it, or name another with --store");
    }

    private void load(Path path) throws IOException {
        byte[] bytes = Files.readAllBytes(path);
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] != '\n') {
            end--;
        }
        String text = new String(bytes, 0, end, StandardCharsets.UTF_8);
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            try {
                RunRecord run = JSON.readValue(line, RunRecord.class);
                runs.put(run.key(), run);
            } catch (JsonProcessingException e) {
                throw UserError.usage(
                        "line " + number + " of " + path + " is not a run: name another store with --store");
            }
        }
        file.truncate(end);
        file.position(end);
    }

    /** Whether this run is finished. */
    public synchronized boolean has(RunKey key) {
        return runs.containsKey(key);
    }

    /** All runs, oldest first. */
    public synchronized List<RunRecord> runs() {
        return new ArrayList<>(runs.values());
    }

    /** Keeps a run for good. */
    public synchronized void add(RunRecord run) {
        try {
            ByteBuffer line = ByteBuffer.wrap((JSON.writeValueAsString(run) + "\n").getBytes(StandardCharsets.UTF_8));
            while (line.hasRemaining()) {
                file.write(line);
            }
            file.force(false);
        } catch (IOException e) {
            throw UserError.environment("cannot write to the store: " + e.getMessage());
        }
        runs.put(run.key(), run);
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw UserError.environment("cannot close the store: " + e.getMessage());
        }
    }
}
