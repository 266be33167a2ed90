package io.instabilityguard.guard.intervention;

import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;

/**
 * Seals decisions so that none can be changed, dropped or slipped in unseen: {@code hash = SHA-256(previousHash in UTF-8, Avro binary of the
 * decision with an empty hash)}, in hex. A decision that names neither application nor operator is written as releases wrote it that did not know these fields, so
 * that their chains stay intact.
 */
public final class DecisionChain {

    private static final Set<String> LEASE_FIELDS = Set.of("application", "operator");
    private static final Schema BEFORE_LEASES = beforeLeases();

    private DecisionChain() {}

    /** The finished decision, following the one with hash {@code previousHash} (empty for the first). */
    static Decision seal(Decision.Builder decision, String previousHash) {
        Decision open = decision.setPreviousHash(previousHash).setHash("").build();
        return Decision.newBuilder(open).setHash(hash(open)).build();
    }

    /** Whether a decision's hash is that of its content. */
    public static boolean isIntact(Decision decision) {
        return decision.getHash()
                .equals(hash(Decision.newBuilder(decision).setHash("").build()));
    }

    private static String hash(Decision open) {
        return Sha256.hex(open.getPreviousHash().getBytes(StandardCharsets.UTF_8), binary(open));
    }

    private static byte[] binary(Decision decision) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
            new SpecificDatumWriter<Decision>(layout(decision)).write(decision, encoder);
            encoder.flush();
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
    }

    private static Schema layout(Decision decision) {
        boolean isOlder =
                decision.getApplication().isEmpty() && decision.getOperator().isEmpty();
        return isOlder ? BEFORE_LEASES : decision.getSchema();
    }

    /** The fields of the first two releases, which are the first of all. */
    private static Schema beforeLeases() {
        Schema now = Decision.getClassSchema();
        List<Schema.Field> fields = now.getFields().stream()
                .filter(field -> !LEASE_FIELDS.contains(field.name()))
                .map(field -> new Schema.Field(field, field.schema()))
                .toList();
        return Schema.createRecord(now.getName(), now.getDoc(), now.getNamespace(), false, fields);
    }
}
