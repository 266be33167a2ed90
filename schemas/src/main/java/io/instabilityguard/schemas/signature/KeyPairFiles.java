package io.instabilityguard.schemas.signature;

import io.instabilityguard.schemas.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Optional;
import java.util.Set;

/**
 * A pair of keys on the disk.
 *
 * @param id key id: by default from the public key's SHA-256, so that no two pairs share one
 * @param privateKey {@code ID.key}, PKCS#8 PEM of mode 0600: for the guard alone
 * @param publicKey {@code ID.pem}, X.509 PEM: for everyone who verifies
 */
public record KeyPairFiles(String id, Path privateKey, Path publicKey) {
    private static final int FINGERPRINT_DIGITS = 12;

    /**
     * Makes a new pair in a folder, which is made (mode 0700) when missing.
     *
     * @param id key id; empty for one from the fingerprint
     * @throws IOException in one line, when the files cannot be written or exist already
     */
    public static KeyPairFiles create(Path folder, Optional<String> id) throws IOException {
        KeyPair pair = generate();
        String name = KeyId.checked(id.orElseGet(() -> fingerprint(pair)));
        KeyPairFiles files = named(folder, name);
        Files.createDirectories(folder, permissions("rwx------"));
        try {
            write(files.privateKey, Pem.encode(pair.getPrivate()), "rw-------");
            write(files.publicKey, Pem.encode(pair.getPublic()), "rw-r--r--");
        } catch (FileAlreadyExistsException e) {
            throw new IOException(e.getMessage() + " exists already: keys are never overwritten", e);
        }
        return files;
    }

    /**
     * The pair of this id in a folder, made when there is none.
     *
     * @throws IOException in one line, when it cannot be made
     */
    public static KeyPairFiles findOrCreate(Path folder, String id) throws IOException {
        KeyPairFiles files = named(folder, KeyId.checked(id));
        return Files.exists(files.privateKey) ? files : create(folder, Optional.of(id));
    }

    private static KeyPairFiles named(Path folder, String id) {
        return new KeyPairFiles(id, folder.resolve(id + ".key"), folder.resolve(id + ".pem"));
    }

    /** The private half. */
    public SigningKey signingKey() throws IOException {
        return SigningKey.read(privateKey, id);
    }

    private static KeyPair generate() {
        try {
            return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Java 15 and later have Ed25519", e);
        }
    }

    private static String fingerprint(KeyPair pair) {
        return "guard-" + Sha256.hex(pair.getPublic().getEncoded()).substring(0, FINGERPRINT_DIGITS);
    }

    private static void write(Path file, byte[] content, String mode) throws IOException {
        Set<StandardOpenOption> fresh = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (FileChannel channel = FileChannel.open(file, fresh, permissions(mode))) {
            channel.write(ByteBuffer.wrap(content));
            channel.force(true);
        }
    }

    private static FileAttribute<?> permissions(String mode) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode));
    }
}
