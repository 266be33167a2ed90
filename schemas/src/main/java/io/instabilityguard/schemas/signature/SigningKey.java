package io.instabilityguard.schemas.signature;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.PrivateKey;
import java.util.Set;

/**
 * Who signs: an Ed25519 key with the name under which others know its public half.
 *
 * @param id key id, as in the header {@value RecordSignature#KEY_ID}
 * @param key never printed
 */
public record SigningKey(String id, PrivateKey key) {
    private static final Set<PosixFilePermission> OWNERS = PosixFilePermissions.fromString("rw-------");

    /**
     * The key in a PEM file, under the id that is the file's name without its ending.
     *
     * @throws IOException in one line, as {@link #read(Path, String)}
     */
    public static SigningKey read(Path file) throws IOException {
        String name = file.getFileName().toString();
        return read(file, name.replaceFirst("\\.[^.]*$", ""));
    }

    /**
     * The key in a PEM file (PKCS#8).
     *
     * @throws IOException in one line: no such file, open to others than its owner, or no Ed25519 key
     */
    public static SigningKey read(Path file, String id) throws IOException {
        try {
            if (!OWNERS.containsAll(Files.getPosixFilePermissions(file))) {
                throw new IOException("the private key is open to others than its owner: chmod 600 " + file);
            }
        } catch (NoSuchFileException e) {
            throw new IOException(file + " does not exist", e);
        }
        return new SigningKey(KeyId.checked(id), Pem.readPrivate(file));
    }

    @Override
    public String toString() {
        return "SigningKey[" + id + "]";
    }
}
