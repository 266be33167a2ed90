package io.instabilityguard.guard.view.access;

import io.instabilityguard.schemas.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * A token as it is stored: its SHA-256. Tokens are made here from 256 random bits, which nobody can guess at any rate, so that a slow hash would only slow down those
 * who ask; for passwords that people choose it would not do.
 *
 * @param hex 64 hexadecimal digits
 */
public record TokenHash(String hex) {

    private static final Pattern DIGITS = Pattern.compile("[0-9a-f]{64}");
    private static final int RANDOM_BYTES = 32;

    /** Refuses anything else. */
    public TokenHash {
        if (!DIGITS.matcher(hex).matches()) {
            throw new IllegalArgumentException("a SHA-256 has 64 hexadecimal digits in lower case");
        }
    }

    /** A new token of 256 random bits. */
    public static String newToken(SecureRandom random) {
        byte[] bytes = new byte[RANDOM_BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Of a token. */
    public static TokenHash of(String token) {
        return new TokenHash(Sha256.hex(token));
    }

    /** Whether both are the same; takes as long for every other hash. */
    boolean matches(TokenHash other) {
        return MessageDigest.isEqual(
                hex.getBytes(StandardCharsets.US_ASCII), other.hex.getBytes(StandardCharsets.US_ASCII));
    }
}
