package io.instabilityguard.sidecar.frame;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.zip.CRC32;

/**
 * The staging file of one session, shared with the hook through the page cache: the hook maps it, this side reads and
 * writes it by position. A file that shrinks under us, or a full disk, is then an {@link IOException} and not a signal
 * that kills the process and every other session with it.
 *
 * <p>Used by the one thread of the session's numerics; the slots must be the sidecar's at that time.
 */
public final class StagingFile implements AutoCloseable {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    private final Path path;
    private final FileChannel channel;
    private final List<StagingSlot> slots;

    private StagingFile(Path path, FileChannel channel, List<StagingSlot> slots) {
        this.path = path;
        this.channel = channel;
        this.slots = slots;
    }

    /**
     * Opens the file that a hook offers, after checking that it is what the hook says.
     *
     * @param folder the socket's own folder, the only place where a staging file may be
     * @throws ProtocolException when the file is elsewhere, named otherwise, a link, another user's, open to others, of another size or layout
     */
    public static StagingFile open(Path folder, Hello hello) throws IOException, ProtocolException {
        checkOffsets(hello);
        Path path = checkedPath(folder, hello.staging());
        FileChannel channel =
                FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        try {
            checkHeader(channel, hello);
            return new StagingFile(path, channel, hello.slots());
        } catch (IOException | ProtocolException e) {
            channel.close();
            throw e;
        }
    }

    /** The slots in their order: matrices first. */
    public List<StagingSlot> slots() {
        return slots;
    }

    /** Fills {@code target}, from its position 0, with the bytes of a slot; they are little-endian. */
    public void read(int index, ByteBuffer target) throws IOException {
        StagingSlot slot = slots.get(index);
        fill(channel, slot.offset(), target.clear().limit(slot.bytes()));
    }

    /**
     * Writes the remaining bytes of {@code content}, which must fill the slot.
     *
     * @return the CRC-32 of what was written
     */
    public long write(int index, ByteBuffer content) throws IOException {
        StagingSlot slot = slots.get(index);
        if (content.remaining() != slot.bytes()) {
            throw new IllegalArgumentException(
                    slot.name() + ": " + content.remaining() + " bytes for a slot of " + slot.bytes());
        }
        long crc32 = crc32(content);
        long position = slot.offset();
        while (content.hasRemaining()) {
            position += channel.write(content, position);
        }
        return crc32;
    }

    /** The CRC-32 of the remaining bytes, whose position is left as it was. */
    public static long crc32(ByteBuffer content) {
        CRC32 crc32 = new CRC32();
        crc32.update(content.duplicate());
        return crc32.getValue();
    }

    /** Closes the file and removes it: no other session will use it. */
    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(path);
    }

    private static void checkOffsets(Hello hello) throws ProtocolException {
        checkIndexes("matrix", hello.matrices(), Hello.Matrix::index);
        checkIndexes("snapshot", hello.snapshots(), Hello.Snapshot::index);
        checkIndexes("mixer", hello.mixers(), Hello.Mixer::index);
        List<StagingSlot> slots = hello.slots();
        long[] offsets = StagingDescriptor.offsets(slots);
        for (int i = 0; i < slots.size(); i++) {
            requireEqual(
                    "offset of " + slots.get(i).name(), offsets[i], slots.get(i).offset());
        }
        requireEqual("staging.bytes", offsets[slots.size()], hello.staging().bytes());
        requireEqual(
                "staging.layoutVersion",
                StagingDescriptor.VERSION,
                hello.staging().layoutVersion());
    }

    private static <T> void checkIndexes(String what, List<T> entries, ToIntFunction<T> index)
            throws ProtocolException {
        for (int i = 0; i < entries.size(); i++) {
            int said = index.applyAsInt(entries.get(i));
            require(said == i, what + " " + i + " has index " + said);
        }
    }

    private static Path checkedPath(Path folder, Hello.Staging staging) throws IOException, ProtocolException {
        Path path = path(staging.path());
        Path parent = path.getParent();
        require(path.isAbsolute() && parent != null, "staging file is not an absolute path: " + path);
        try {
            require(
                    parent != null && parent.toRealPath().equals(folder.toRealPath()),
                    "staging file is not in the socket's folder " + folder + ": " + path);
            require(
                    String.valueOf(path.getFileName()).startsWith("staging-"),
                    "staging file is not named staging-…: " + path);
            require(
                    Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS),
                    "staging file is a link or no regular file: " + path);
            require(
                    Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS)
                            .equals(Files.getAttribute(folder, "unix:uid")),
                    "staging file belongs to another user: " + path);
            require(
                    Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS)
                            .equals(OWNER_ONLY),
                    "staging file is open to others than its owner: chmod 600 " + path);
        } catch (NoSuchFileException e) {
            throw new ProtocolException("staging file does not exist: " + path);
        }
        return path;
    }

    private static Path path(String path) throws ProtocolException {
        try {
            return Path.of(path);
        } catch (IllegalArgumentException e) {
            throw new ProtocolException("staging.path is no path: " + e.getMessage());
        }
    }

    private static void checkHeader(FileChannel channel, Hello hello) throws IOException, ProtocolException {
        requireEqual("size of the staging file", hello.staging().bytes(), channel.size());
        ByteBuffer header = ByteBuffer.allocate(StagingDescriptor.HEADER_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        fill(channel, 0, header);
        require(
                header.getLong(StagingDescriptor.MAGIC_OFFSET) == StagingDescriptor.MAGIC,
                "staging file is not complete: its magic is missing");
        requireEqual(
                "layout version in the staging file",
                StagingDescriptor.VERSION,
                header.getInt(StagingDescriptor.VERSION_OFFSET));
        requireEqual("slots in the staging file", hello.slots().size(), header.getInt(StagingDescriptor.SLOTS_OFFSET));
        requireEqual(
                "size in the staging file", hello.staging().bytes(), header.getLong(StagingDescriptor.TOTAL_OFFSET));
        requireEqual(
                "generation in the staging file",
                hello.generation(),
                header.getLong(StagingDescriptor.GENERATION_OFFSET));
    }

    private static void fill(FileChannel channel, long offset, ByteBuffer target) throws IOException {
        while (target.hasRemaining()) {
            if (channel.read(target, offset + target.position()) < 0) {
                throw new IOException("the staging file has shrunk");
            }
        }
        target.flip();
    }

    private static void requireEqual(String what, long expected, long found) throws ProtocolException {
        require(expected == found, what + " is " + found + ", must be " + expected);
    }

    private static void require(boolean holds, String reason) throws ProtocolException {
        if (!holds) {
            throw new ProtocolException(reason);
        }
    }
}
