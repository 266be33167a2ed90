package io.instabilityguard.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.signature.KeyPairFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A configuration with secrets in it tells their names only. */
final class RedactionTest {

    private static final String SECRET = "hunter-2-4711";

    @TempDir
    private Path folder;

    @Test
    void shouldPrintSettingsOfKafkaByNameOnly() throws IOException {
        KeyPairFiles keys = KeyPairFiles.create(folder, Optional.of("signer"));
        GuardConfig config = GuardConfig.read(file("""
                bootstrap-servers: a:1
                signing: {key: signer.key}
                kafka:
                  sasl.jaas.config: Module required password="hunter-2-4711";
                  schema.registry.basic.auth.user.info: "guard:hunter-2-4711"
                """));

        assertThat(config.streamsProperties().getProperty("sasl.jaas.config")).contains(SECRET);
        assertThat(config.signer().id()).isEqualTo("signer");
        assertThat(config.toString())
                .contains("sasl.jaas.config", "signer")
                .doesNotContain(SECRET)
                .doesNotContain(
                        Files.readString(keys.privateKey()).lines().toList().get(1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kafka: {ssl.key.password: [hunter-2-4711]}",
                "kafka: {ssl.key.password: {hunter-2-4711: 1}}",
                "kafka: \"hunter-2-4711",
                "kafka:\n  ssl.key.password: hunter-2-4711\n bad: {",
            })
    void shouldExplainABrokenFileWithoutShowingValues(String kafka) throws IOException {
        Path file = file("bootstrap-servers: a:1\n" + kafka);

        assertThatThrownBy(() -> GuardConfig.read(file))
                .isInstanceOf(PolicyException.class)
                .hasMessageNotContaining(SECRET);
    }

    @Test
    void shouldNotSignWithAKeyThatOthersMayRead() throws IOException {
        KeyPairFiles keys = KeyPairFiles.create(folder, Optional.of("signer"));
        Files.setPosixFilePermissions(keys.privateKey(), PosixFilePermissions.fromString("rw-r--r--"));
        Path file = file("bootstrap-servers: a:1\nsigning: {key: signer.key, key-id: other}");

        assertThatThrownBy(() -> GuardConfig.read(file))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("chmod 600 " + keys.privateKey());
    }

    private Path file(String yaml) throws IOException {
        return Files.writeString(folder.resolve("guard.yaml"), yaml);
    }
}
