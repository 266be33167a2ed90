package io.instabilityguard.schemas.signature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyPairFilesTest {
    @TempDir
    Path folder;

    @Test
    void shouldKeepThePrivateKeyToItsOwner() throws IOException {
        KeyPairFiles files = KeyPairFiles.create(folder.resolve("keys"), Optional.empty());

        assertThat(files.id()).matches("guard-[0-9a-f]{12}");
        assertThat(mode(files.privateKey())).isEqualTo("rw-------");
        assertThat(mode(folder.resolve("keys"))).isEqualTo("rwx------");
        assertThat(files.signingKey()).hasToString("SigningKey[" + files.id() + "]");
        assertThat(PublicKeys.read(List.of(files.publicKey())).keys()).containsOnlyKeys(files.id());
    }

    @Test
    void shouldNotUseAPrivateKeyThatOthersMayRead() throws IOException {
        KeyPairFiles files = KeyPairFiles.create(folder, Optional.of("a"));
        Files.setPosixFilePermissions(files.privateKey(), PosixFilePermissions.fromString("rw-r-----"));

        assertThatThrownBy(files::signingKey)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("chmod 600 " + files.privateKey());
    }

    @Test
    void shouldNeverOverwriteAKey() throws IOException {
        KeyPairFiles files = KeyPairFiles.create(folder, Optional.of("a"));
        String before = Files.readString(files.privateKey());

        assertThatThrownBy(() -> KeyPairFiles.create(folder, Optional.of("a")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("exists already");
        assertThat(Files.readString(files.privateKey())).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../a", "/etc/a", "a/b", ".a", "", "a\u0000", "a\n"})
    void shouldRefuseAnIdThatCouldBeAPath(String id) {
        assertThatThrownBy(() -> KeyPairFiles.create(folder, Optional.of(id)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("a key id is");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void shouldSayWhatIsNoPublicKeyWithoutShowingIt() throws IOException {
        KeyPairFiles files = KeyPairFiles.create(folder, Optional.of("a"));
        Path secret = folder.resolve("secret.pem");
        Files.copy(files.privateKey(), secret);

        assertThatThrownBy(() -> PublicKeys.read(List.of(folder)))
                .isInstanceOf(IOException.class)
                .hasMessage(secret + " holds no PEM block of type PUBLIC KEY");
        Files.writeString(secret, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
        assertThatThrownBy(() -> PublicKeys.read(List.of(secret)))
                .isInstanceOf(IOException.class)
                .hasMessage(secret + " holds no Ed25519 key");
        assertThatThrownBy(() -> PublicKeys.read(List.of(folder.resolve("none.pem"))))
                .isInstanceOf(IOException.class)
                .hasMessage(folder.resolve("none.pem") + " does not exist");
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
