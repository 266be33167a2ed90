package io.instabilityguard.guard.intervention;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.junit.jupiter.api.Test;

final class DecisionChainTest {

    @Test
    void shouldFindADecisionOfAnOlderReleaseIntact() throws Exception {
        Decision decision =
                decision("", "").setPreviousHash("before").setHash("").build();
        Decision older = Decision.newBuilder(decision)
                .setHash(hashOfRelease("v2", decision))
                .build();

        assertThat(DecisionChain.isIntact(older)).isTrue();
        assertThat(DecisionChain.isIntact(
                        Decision.newBuilder(older).setOperator("mallory").build()))
                .isFalse();
    }

    @Test
    void shouldSealWhoDecidedForWhom() {
        Decision sealed = DecisionChain.seal(decision("guard-a", "alice"), "before");

        assertThat(DecisionChain.isIntact(sealed)).isTrue();
        assertThat(DecisionChain.isIntact(
                        Decision.newBuilder(sealed).setOperator("mallory").build()))
                .isFalse();
        assertThat(DecisionChain.isIntact(
                        Decision.newBuilder(sealed).setApplication("another").build()))
                .isFalse();
    }

    private static Decision.Builder decision(String application, String operator) {
        return Decision.newBuilder()
                .setRun("run-1")
                .setGeneration(1)
                .setSequence(0)
                .setStep(7)
                .setAction(DecisionAction.COMMAND)
                .setAnomalyId("anomaly")
                .setCommandId("command")
                .setVerdict(Verdict.UNKNOWN)
                .setReason("why")
                .setPolicyHash("policy")
                .setTimestampMs(1)
                .setApplication(application)
                .setOperator(operator);
    }

    private static String hashOfRelease(String version, Decision decision) throws Exception {
        try (InputStream text = Decision.class.getResourceAsStream("/released/" + version + "/Decision.avsc")) {
            Schema schema = new Schema.Parser().parse(text);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
            new SpecificDatumWriter<Decision>(schema).write(decision, encoder);
            encoder.flush();
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update("before".getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(bytes.toByteArray()));
        }
    }
}
