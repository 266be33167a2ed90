package io.instabilityguard.schemas.signature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordVerificationTest {
    private final AtomicLong now = new AtomicLong();
    private final List<IOException> unreadable = new ArrayList<>();

    @TempDir
    Path folder;

    private KeyPairFiles alice;
    private RecordVerification verification;

    @BeforeEach
    void trustAlice() throws IOException {
        alice = KeyPairFiles.create(folder, Optional.of("alice"));
        verification = RecordVerification.by(List.of(folder), now::get, unreadable::add);
    }

    @Test
    void shouldBelieveEverybodyWhereNoKeyIsNamed() throws IOException {
        RecordVerification none = RecordVerification.by(List.of(), now::get, unreadable::add);
        assertThat(none.isOn()).isFalse();
        assertThat(none.problemOf("topic", "key", null, new RecordHeaders())).isEmpty();
        assertThat(verification.isOn()).isTrue();
        assertThat(verification.problemOf("topic", "key", null, new RecordHeaders()))
                .contains(SignatureProblem.UNSIGNED);
    }

    @Test
    void shouldTakeKeysUpAndDropThemAfterFiveSeconds() throws IOException {
        KeyPairFiles bob = KeyPairFiles.create(folder, Optional.of("bob"));
        assertThat(problemOf(bob)).contains(SignatureProblem.UNKNOWN_KEY);
        Files.delete(alice.publicKey());
        now.set(5_000);
        assertThat(problemOf(bob)).isEmpty();
        assertThat(problemOf(alice)).contains(SignatureProblem.UNKNOWN_KEY);
    }

    @Test
    void shouldHoldTheLastGoodKeysWhileTheyCannotBeRead() throws IOException {
        Files.writeString(folder.resolve("half.pem"), "-----BEGIN");
        now.set(5_000);
        assertThat(problemOf(alice)).isEmpty();
        assertThat(unreadable).singleElement().satisfies(e -> assertThat(e).hasMessageContaining("half.pem"));
    }

    @Test
    void shouldRefuseAPlaceWithoutAnyKey() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThatThrownBy(() -> RecordVerification.by(List.of(empty), now::get, unreadable::add))
                .isInstanceOf(IOException.class)
                .hasMessage("there is no *.pem file in [" + empty + "]");
    }

    private Optional<SignatureProblem> problemOf(KeyPairFiles signer) throws IOException {
        Headers headers = new RecordHeaders();
        RecordSignature.sign(signer.signingKey(), "topic", "key", new byte[] {1}, headers);
        return verification.problemOf("topic", "key", new byte[] {1}, headers);
    }
}
