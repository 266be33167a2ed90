package io.instabilityguard.schemas.signature;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Whose signatures are believed: public keys by their ids. Several at once are a rotation.
 *
 * @param keys by key id
 */
public record PublicKeys(Map<String, PublicKey> keys) {
    private static final String SUFFIX = ".pem";

    /** Keeps its own copy. */
    public PublicKeys {
        keys = Map.copyOf(keys);
    }

    /**
     * The keys in these PEM files (X.509), and in all files {@code *.pem} of these folders; a key's id is its file's name without {@code .pem}.
     *
     * @throws IOException in one line: what cannot be read, or is no Ed25519 public key
     */
    public static PublicKeys read(List<Path> places) throws IOException {
        Map<String, PublicKey> keys = new TreeMap<>();
        for (Path place : places) {
            if (Files.isDirectory(place)) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(place, "*" + SUFFIX)) {
                    for (Path file : files) {
                        add(file, keys);
                    }
                }
            } else {
                add(place, keys);
            }
        }
        return new PublicKeys(keys);
    }

    private static void add(Path file, Map<String, PublicKey> keys) throws IOException {
        String name = file.getFileName().toString();
        String id = KeyId.checked(name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name);
        if (keys.put(id, Pem.readPublic(file)) != null) {
            throw new IOException("there are two keys with the id " + id);
        }
    }

    /** The key of this id. */
    public Optional<PublicKey> find(String id) {
        return Optional.ofNullable(keys.get(id));
    }

    /** Whether nobody is believed. */
    public boolean isEmpty() {
        return keys.isEmpty();
    }
}
