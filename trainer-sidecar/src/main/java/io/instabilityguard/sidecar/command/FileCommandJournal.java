package io.instabilityguard.sidecar.command;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.instabilityguard.sidecar.errors.DistinctErrors;
import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The journal as JSON lines in {@code commands.journal}, forced to the disk line by line. A line that a crash tore in two is
 * skipped when read. On start it is rewritten with the latest line of each command; one process at a time may hold it.
 *
 * <p>Written through a stream and not a channel: a channel would be closed for everybody by one interrupted thread.
 */
public final class FileCommandJournal implements CommandJournal {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();
    private static final ObjectReader READER = MAPPER.readerFor(JournalEntry.class);
    private static final ObjectWriter WRITER = MAPPER.writerFor(JournalEntry.class);
    private static final int ENTRIES_KEPT = 10_000;

    private final FileChannel lockFile;
    private final FileOutputStream out;
    private boolean torn;

    private FileCommandJournal(FileChannel lockFile, FileOutputStream out) {
        this.lockFile = lockFile;
        this.out = out;
    }

    /**
     * Opens the journal in this folder, which is made when missing, and reads it into the ledger.
     *
     * @throws IOException with one line that says what to do, when the folder cannot be used
     */
    public static FileCommandJournal open(Path folder, CommandLedger ledger) throws IOException {
        try {
            Files.createDirectories(folder);
            FileChannel lockFile = lock(folder.resolve("lock"));
            Path journal = folder.resolve("commands.journal");
            read(journal, ledger);
            ledger.forgetBeyond(ENTRIES_KEPT);
            rewrite(journal, ledger);
            return new FileCommandJournal(lockFile, new FileOutputStream(journal.toFile(), true));
        } catch (IOException e) {
            throw new IOException(
                    "cannot keep the journal of commands in " + folder + " (state.folder): "
                            + DistinctErrors.describe(e),
                    e);
        }
    }

    @Override
    public synchronized void append(JournalEntry entry) throws IOException {
        byte[] line = line(entry);
        try {
            if (torn) {
                out.write('\n');
            }
            torn = true;
            out.write(line);
            out.getFD().sync();
            torn = false;
        } catch (IOException e) {
            throw new IOException("the journal of commands cannot be written: " + DistinctErrors.describe(e), e);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        out.close();
        lockFile.close();
    }

    private static FileChannel lock(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (tryLock(channel) == null) {
            channel.close();
            throw new IOException("another sidecar uses this folder");
        }
        return channel;
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    private static void read(Path journal, CommandLedger ledger) throws IOException {
        if (!Files.exists(journal)) {
            return;
        }
        try (var lines = reader(journal)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JournalEntry entry = entry(line);
                if (entry != null) {
                    ledger.put(entry);
                }
            }
        }
    }

    /** A reader that takes any bytes: a torn line may end within a character. */
    private static BufferedReader reader(Path journal) throws IOException {
        return new BufferedReader(new InputStreamReader(Files.newInputStream(journal), StandardCharsets.UTF_8));
    }

    private static @Nullable JournalEntry entry(String line) {
        try {
            return READER.readValue(line);
        } catch (IOException torn) {
            return null;
        }
    }

    private static void rewrite(Path journal, CommandLedger ledger) throws IOException {
        Path fresh = journal.resolveSibling("commands.journal.new");
        try (FileOutputStream out = new FileOutputStream(fresh.toFile())) {
            for (JournalEntry entry : ledger.all()) {
                out.write(line(entry));
            }
            out.getFD().sync();
        }
        Files.move(fresh, journal, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel folder = FileChannel.open(journal.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    private static byte[] line(JournalEntry entry) throws IOException {
        return (WRITER.writeValueAsString(entry) + "\n").getBytes(StandardCharsets.UTF_8);
    }
}
