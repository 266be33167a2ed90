package io.instabilityguard.evaluation;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The folder of one all-in-one process, held by a lock file so that no second process uses it. The lock goes with the
 * process, however it dies.
 */
final class DataFolder implements AutoCloseable {
    private final Path folder;
    private final FileChannel lock;

    private DataFolder(Path folder, FileChannel lock) {
        this.folder = folder;
        this.lock = lock;
    }

    /**
     * Takes the folder, creating it when new.
     *
     * @throws UserError when it cannot be written or another process holds it
     */
    static DataFolder take(Path folder) {
        FileChannel lock;
        try {
            Files.createDirectories(folder);
            lock = FileChannel.open(folder.resolve("guard.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw UserError.environment(
                    "cannot write to the folder " + folder + " (" + reason(e) + "): choose another with --data");
        }
        if (tryLock(folder, lock) == null) {
            throw UserError.environment("another guard is running on the folder " + folder
                    + ": stop it, or choose another folder with --data");
        }
        return new DataFolder(folder, lock);
    }

    private static @Nullable FileLock tryLock(Path folder, FileChannel channel) {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        } catch (IOException e) {
            throw UserError.environment(
                    "cannot lock the folder " + folder + ": choose one on a local disk with --data");
        }
    }

    private static String reason(IOException e) {
        return e.getClass().getSimpleName().replace("Exception", "");
    }

    Path broker() {
        return folder.resolve("broker");
    }

    Path streams() {
        return folder.resolve("streams");
    }

    Path keys() {
        return folder.resolve("keys");
    }

    Path journal() {
        return folder.resolve("journal");
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw new IllegalStateException("the lock of " + folder + " cannot be released", e);
        }
    }
}
