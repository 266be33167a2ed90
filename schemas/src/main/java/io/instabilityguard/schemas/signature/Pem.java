package io.instabilityguard.schemas.signature;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Ed25519 keys as PEM files: PKCS#8 for private ones, X.509 for public ones. Errors never hold what is in the file. */
final class Pem {
    private static final String PRIVATE = "PRIVATE KEY";
    private static final String PUBLIC = "PUBLIC KEY";
    private static final int LARGEST_FILE = 16 << 10;
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private Pem() {}

    static PrivateKey readPrivate(Path file) throws IOException {
        byte[] key = content(file, PRIVATE);
        try {
            return KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(key));
        } catch (GeneralSecurityException e) {
            throw new IOException(file + " holds no Ed25519 key", e);
        }
    }

    static PublicKey readPublic(Path file) throws IOException {
        byte[] key = content(file, PUBLIC);
        try {
            return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(key));
        } catch (GeneralSecurityException e) {
            throw new IOException(file + " holds no Ed25519 key", e);
        }
    }

    static byte[] encode(PrivateKey key) {
        return block(PRIVATE, key.getEncoded());
    }

    static byte[] encode(PublicKey key) {
        return block(PUBLIC, key.getEncoded());
    }

    private static byte[] block(String type, byte[] content) {
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
                .formatted(type, LINES.encodeToString(content), type)
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] content(Path file, String type) throws IOException {
        Matcher block = Pattern.compile("-----BEGIN " + type + "-----([A-Za-z0-9+/=\\s]+)-----END " + type + "-----")
                .matcher(text(file));
        if (!block.find()) {
            throw new IOException(file + " holds no PEM block of type " + type);
        }
        try {
            return Base64.getMimeDecoder().decode(block.group(1));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is damaged: its " + type + " is no base64", e);
        }
    }

    private static String text(Path file) throws IOException {
        try {
            if (Files.size(file) > LARGEST_FILE) {
                throw new IOException(file + " is too large for a key");
            }
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new IOException(file + " does not exist", e);
        } catch (AccessDeniedException e) {
            throw new IOException(file + " may not be read by this user", e);
        }
    }
}
