package io.instabilityguard.schemas.signature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Samples;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordSignatureTest {
    private static final String TOPIC = Topics.COMMANDS.name();

    @TempDir
    Path folder;

    private SigningKey signer;
    private PublicKeys trusted;
    private final Headers headers = new RecordHeaders();
    private byte[] value;

    @BeforeEach
    void sign() throws IOException {
        KeyPairFiles files = KeyPairFiles.create(folder.resolve("keys"), Optional.of("one"));
        signer = files.signingKey();
        trusted = PublicKeys.read(List.of(files.publicKey()));
        value = serializer().serialize(TOPIC, headers, Samples.command());
    }

    @Test
    void shouldBelieveWhatItSigned() {
        assertThat(problem("run-42", value)).isEmpty();
    }

    @Test
    void shouldNoticeEveryAlteredByte() {
        for (int i = 0; i < value.length; i++) {
            byte[] altered = value.clone();
            altered[i] ^= 1;
            assertThat(problem("run-42", altered)).contains(SignatureProblem.ALTERED);
        }
    }

    @Test
    void shouldNoticeEveryAlteredByteOfTheSignature() {
        byte[] signature = headers.lastHeader(RecordSignature.SIGNATURE).value();
        for (int i = 0; i < signature.length; i++) {
            byte[] altered = signature.clone();
            altered[i] ^= 1;
            set(RecordSignature.SIGNATURE, altered);
            assertThat(problem("run-42", value)).contains(SignatureProblem.ALTERED);
        }
        for (int length : new int[] {0, 63, 65}) {
            set(RecordSignature.SIGNATURE, new byte[length]);
            assertThat(problem("run-42", value)).contains(SignatureProblem.ALTERED);
        }
    }

    @Test
    void shouldNoticeAMoveToAnotherKeyOrTopic() {
        assertThat(problem("run-43", value)).contains(SignatureProblem.ALTERED);
        assertThat(RecordSignature.problem(trusted, Topics.DECISIONS.name(), "run-42", value, headers))
                .contains(SignatureProblem.ALTERED);
    }

    @Test
    void shouldNoticeBytesThatMoveBetweenKeyAndValue() {
        byte[] longer = ("2" + new String(value, StandardCharsets.ISO_8859_1)).getBytes(StandardCharsets.ISO_8859_1);
        assertThat(problem("run-4", longer)).contains(SignatureProblem.ALTERED);
    }

    @Test
    void shouldNotBelieveAnotherKeyUnderTheSameId() throws IOException {
        KeyPairFiles other = KeyPairFiles.create(folder.resolve("other"), Optional.of("one"));
        PublicKeys others = PublicKeys.read(List.of(other.publicKey()));
        assertThat(RecordSignature.problem(others, TOPIC, "run-42", value, headers))
                .contains(SignatureProblem.ALTERED);
    }

    @Test
    void shouldNotBelieveAKeyThatNobodyTrusts() {
        assertThat(RecordSignature.problem(new PublicKeys(Map.of()), TOPIC, "run-42", value, headers))
                .contains(SignatureProblem.UNKNOWN_KEY);
        set(RecordSignature.KEY_ID, "../one".getBytes(StandardCharsets.UTF_8));
        assertThat(problem("run-42", value)).contains(SignatureProblem.UNKNOWN_KEY);
    }

    @Test
    void shouldDemandExactlyOneSignature() {
        Headers none = new RecordHeaders();
        assertThat(RecordSignature.problem(trusted, TOPIC, "run-42", value, none))
                .contains(SignatureProblem.UNSIGNED);
        headers.add(RecordSignature.SIGNATURE, new byte[64]);
        assertThat(problem("run-42", value)).contains(SignatureProblem.UNSIGNED);
        assertThat(problem(null, value)).contains(SignatureProblem.UNSIGNED);
    }

    @Test
    void shouldSignAWithdrawalAndTellItFromAnEmptyValue() {
        assertThat(problem("run-42", null)).contains(SignatureProblem.ALTERED);
        RecordSignature.sign(signer, TOPIC, "run-42", null, headers);
        assertThat(problem("run-42", null)).isEmpty();
        assertThat(problem("run-42", new byte[0])).contains(SignatureProblem.ALTERED);
        assertThat(problem("run-43", null)).contains(SignatureProblem.ALTERED);
    }

    @Test
    void shouldTellTheClaimedKeyOnlyWhenItMayBeOne() {
        assertThat(RecordSignature.claimedKeyId(headers)).contains("one");
        set(RecordSignature.KEY_ID, "\u001b[31m".getBytes(StandardCharsets.UTF_8));
        assertThat(RecordSignature.claimedKeyId(headers)).isEmpty();
        RecordSignature.remove(headers);
        assertThat(headers).isEmpty();
        assertThat(RecordSignature.claimedKeyId(headers)).isEmpty();
    }

    @Test
    void shouldReplaceASignatureThatCameWithTheInput() {
        serializer().serialize(TOPIC, headers, Samples.command());
        assertThat(headers.headers(RecordSignature.SIGNATURE)).hasSize(1);
        assertThat(problem("run-42", value)).isEmpty();
    }

    @Test
    void shouldBelieveOldAndNewKeyDuringARotation() throws IOException {
        KeyPairFiles.create(folder.resolve("keys"), Optional.of("two"));
        PublicKeys both = PublicKeys.read(List.of(folder.resolve("keys")));
        assertThat(both.keys()).containsOnlyKeys("one", "two");
        assertThat(RecordSignature.problem(both, TOPIC, "run-42", value, headers))
                .isEmpty();
    }

    @Test
    void shouldBelieveWhatOpensslSignedByTheDocumentedLayout() throws IOException {
        // printf of the five parts with their lengths | openssl pkeyutl -sign -inkey key.pem -rawin
        Path pem = Files.writeString(folder.resolve("openssl.pem"), """
                -----BEGIN PUBLIC KEY-----
                MCowBQYDK2VwAyEAdFYNgsHglF0aUcAr+XIl//HWL2acVnmU08lJs3K2DWA=
                -----END PUBLIC KEY-----
                """);
        byte[] signature = HexFormat.of()
                .parseHex("883e55d555c6a05eb24b9654c4cf464059a48787e622cbe48e54e843112c1047"
                        + "5dfb0334808715d115a280b9f8a8f96da43eacf379934f606009b4993524c505");
        set(RecordSignature.KEY_ID, "openssl".getBytes(StandardCharsets.UTF_8));
        set(RecordSignature.SIGNATURE, signature);
        PublicKeys keys = PublicKeys.read(List.of(pem));
        assertThat(RecordSignature.problem(keys, TOPIC, "run-42", new byte[] {0, 1, 2, -1}, headers))
                .isEmpty();
    }

    @Test
    void shouldNotWriteWithoutHeaders() {
        assertThatThrownBy(() -> serializer().serialize(TOPIC, Samples.command()))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(serializer().serialize(TOPIC, new RecordHeaders(), null)).isNull();
    }

    private Serializer<InterventionCommand> serializer() {
        return new SigningSerializer<>(
                RecordSerdes.of(Topics.COMMANDS, Map.of()).serializer(), InterventionCommand::getRun, signer);
    }

    private Optional<SignatureProblem> problem(String key, byte[] bytes) {
        return RecordSignature.problem(trusted, TOPIC, key, bytes, headers);
    }

    private void set(String header, byte[] bytes) {
        headers.remove(header).add(header, bytes);
    }
}
