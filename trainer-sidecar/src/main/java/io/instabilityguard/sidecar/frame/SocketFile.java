package io.instabilityguard.sidecar.frame;

import io.instabilityguard.sidecar.errors.DistinctErrors;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The place of the socket in the file system: a folder that only its owner may enter, with nothing stale in it. */
final class SocketFile {
    private static final int MAX_PATH_BYTES = 107;
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private final Path path;

    private SocketFile(Path path) {
        this.path = path;
    }

    /** Makes the folder, and removes what a dead sidecar left in it. */
    static SocketFile prepare(Path path) throws IOException {
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_PATH_BYTES) {
            throw new IOException("socket path has " + bytes + " bytes, the system allows " + MAX_PATH_BYTES
                    + "; choose a shorter one: " + path);
        }
        Path folder = path.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException("socket path has no folder: " + path);
        }
        makePrivate(folder);
        removeStale(path);
        removeLeftovers(folder);
        return new SocketFile(path);
    }

    void remove() throws IOException {
        Files.deleteIfExists(path);
    }

    private static void makePrivate(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            create(folder);
        }
        if (!Files.getPosixFilePermissions(folder).equals(OWNER_ONLY)) {
            throw new IOException("the socket's folder must be open to its owner only: chmod 700 " + folder);
        }
        if (!Files.isWritable(folder)) {
            throw new IOException("the socket's folder is not writable: " + folder);
        }
    }

    private static void create(Path folder) throws IOException {
        try {
            Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        } catch (IOException e) {
            throw new IOException("cannot make the socket's folder " + folder + ": " + DistinctErrors.describe(e), e);
        }
    }

    private static void removeStale(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                || Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("there is something that is no socket at " + path);
        }
        if (answers(path)) {
            throw new IOException("another sidecar already listens on " + path);
        }
        Files.delete(path);
    }

    private static boolean answers(Path path) {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            return channel.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static void removeLeftovers(Path folder) throws IOException {
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(folder, "staging-*")) {
            for (Path leftover : leftovers) {
                Files.deleteIfExists(leftover);
            }
        }
    }
}
