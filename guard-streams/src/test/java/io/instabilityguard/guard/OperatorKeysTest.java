package io.instabilityguard.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.signature.KeyPairFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose keys a guard is given, read from its configuration. */
final class OperatorKeysTest {

    @TempDir
    private Path folder;

    @BeforeEach
    void makeKeys() throws IOException {
        KeyPairFiles.create(folder.resolve("keys"), Optional.of("guard-1"));
        KeyPairFiles.create(folder.resolve("operators"), Optional.of("alice"));
    }

    @Test
    void shouldBelieveEverybodyUnlessKeysAreNamed() throws IOException {
        assertThat(config("").operators().isOn()).isFalse();
        assertThat(config("").problemOf(null)).isEmpty();
        GuardConfig named = config("operators: {public-keys: operators}");
        assertThat(named.operators().problemOf("topic", "key", null, new RecordHeaders()))
                .isPresent();
    }

    @Test
    void shouldNotStartAGuardThatWouldRefuseItself() throws IOException {
        GuardConfig unsigned = config("operators: {public-keys: operators}");
        assertThatThrownBy(() -> new Guard(unsigned))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("name one by signing.key");
        GuardConfig unknown = config("signing: {key: keys/guard-1.key}\noperators: {public-keys: operators}");
        assertThatThrownBy(() -> new Guard(unknown))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("copy guard-1.pem there");
        GuardConfig good =
                config("signing: {key: keys/guard-1.key}\noperators: {public-keys: \"operators, keys/guard-1.pem\"}");
        assertThat(good.problemOf(good.signer())).isEmpty();
    }

    @Test
    void shouldSayInOneLineWhichKeyIsMissing() {
        assertThatThrownBy(() -> config("operators: {public-keys: none.pem}"))
                .isInstanceOf(PolicyException.class)
                .hasMessage("operators.public-keys: " + folder.resolve("none.pem") + " does not exist");
        assertThatThrownBy(() -> config("operators: {}")).hasMessageContaining("operators.public-keys: missing");
    }

    private GuardConfig config(String yaml) throws IOException {
        Path file = Files.writeString(folder.resolve("guard.yaml"), "bootstrap-servers: a:1\n" + yaml);
        return GuardConfig.read(file);
    }
}
