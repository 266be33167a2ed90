package io.instabilityguard.schemas.signature;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Iterator;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * The signature of one record, in two of its headers: Ed25519 over {@code domain, key id, topic, key, value}, each preceded by its length in
 * 4 bytes, big endian. So a signature fits one value at one key of one topic and nothing else that any of our keys ever signs. The value is
 * the exact bytes on the wire: whoever verifies need not understand them first. A record without value, which withdraws what its key held, is
 * signed with the length -1 and nothing after it. Other headers, partition, offset and time are not covered: whoever may write to the topic can
 * write a signed record once more, and what is in it has to say whether it still counts.
 */
public final class RecordSignature {
    /** Header: id of the key, UTF-8. */
    public static final String KEY_ID = "guard-key-id";

    /** Header: the signature, 64 bytes. */
    public static final String SIGNATURE = "guard-signature";

    private static final int ABSENT = -1;
    private static final byte[] DOMAIN = utf8("instability-guard record signature v1");

    private RecordSignature() {}

    /** Puts the headers of a signature in the place of any that are there. */
    public static void sign(SigningKey signer, String topic, String key, byte @Nullable [] value, Headers headers) {
        remove(headers);
        headers.add(KEY_ID, utf8(signer.id()));
        headers.add(SIGNATURE, signature(signer, message(signer.id(), topic, key, value)));
    }

    /** Takes a signature away: from what is made of a signed record and is not that record. */
    public static void remove(Headers headers) {
        headers.remove(KEY_ID).remove(SIGNATURE);
    }

    /** The id of the key that a record claims to be signed with, which nothing has verified; empty when there is none that can be one. */
    public static Optional<String> claimedKeyId(Headers headers) {
        byte[] keyId = only(headers, KEY_ID);
        return Optional.ofNullable(keyId)
                .map(id -> new String(id, StandardCharsets.UTF_8))
                .filter(KeyId::isAllowed);
    }

    /** Why a record is not to be believed; empty when one of these keys signed it. */
    public static Optional<SignatureProblem> problem(
            PublicKeys trusted, String topic, @Nullable String key, byte @Nullable [] value, Headers headers) {
        byte[] keyId = only(headers, KEY_ID);
        byte[] signature = only(headers, SIGNATURE);
        if (keyId == null || signature == null || key == null) {
            return Optional.of(SignatureProblem.UNSIGNED);
        }
        String id = new String(keyId, StandardCharsets.UTF_8);
        Optional<PublicKey> signer = trusted.find(id);
        if (signer.isEmpty()) {
            return Optional.of(SignatureProblem.UNKNOWN_KEY);
        }
        return fits(signer.get(), message(id, topic, key, value), signature)
                ? Optional.empty()
                : Optional.of(SignatureProblem.ALTERED);
    }

    private static byte @Nullable [] only(Headers headers, String name) {
        Iterator<Header> found = headers.headers(name).iterator();
        byte[] value = found.hasNext() ? found.next().value() : null;
        return found.hasNext() ? null : value;
    }

    private static byte[] signature(SigningKey signer, byte[] message) {
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initSign(signer.key());
            signature.update(message);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("key " + signer.id() + " cannot sign", e);
        }
    }

    private static boolean fits(PublicKey signer, byte[] message, byte[] claimed) {
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initVerify(signer);
            signature.update(message);
            return signature.verify(claimed);
        } catch (GeneralSecurityException malformed) {
            return false;
        }
    }

    private static byte[] message(String keyId, String topic, String key, byte @Nullable [] value) {
        byte[][] parts = {DOMAIN, utf8(keyId), utf8(topic), utf8(key)};
        int length = Integer.BYTES + (value == null ? 0 : value.length);
        for (byte[] part : parts) {
            length += Integer.BYTES + part.length;
        }
        ByteBuffer message = ByteBuffer.allocate(length);
        for (byte[] part : parts) {
            message.putInt(part.length).put(part);
        }
        return (value == null
                        ? message.putInt(ABSENT)
                        : message.putInt(value.length).put(value))
                .array();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
