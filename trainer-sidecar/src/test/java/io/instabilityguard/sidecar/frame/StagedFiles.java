package io.instabilityguard.sidecar.frame;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Writes staging files full of zeros, as a hook would. */
public final class StagedFiles {
    private StagedFiles() {}

    /** The file at this path, and the HELLO that goes with it. */
    public static Hello write(Path path, Messages.HelloBuilder builder) throws IOException {
        Hello hello = builder.staging(path.toString()).build();
        Files.write(path, header(hello));
        makePrivate(path);
        return hello;
    }

    /** Open to its owner only, as the hook makes it. */
    public static void makePrivate(Path path) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    }

    private static byte[] header(Hello hello) {
        ByteBuffer file = ByteBuffer.allocate((int) hello.staging().bytes()).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(StagingDescriptor.VERSION_OFFSET, StagingDescriptor.VERSION);
        file.putInt(StagingDescriptor.SLOTS_OFFSET, hello.slots().size());
        file.putLong(StagingDescriptor.TOTAL_OFFSET, hello.staging().bytes());
        file.putLong(StagingDescriptor.GENERATION_OFFSET, hello.generation());
        file.putLong(StagingDescriptor.MAGIC_OFFSET, StagingDescriptor.MAGIC);
        return file.array();
    }
}
