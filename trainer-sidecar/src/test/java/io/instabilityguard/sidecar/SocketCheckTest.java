package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.sidecar.DoctorMain.Line;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketCheckTest {
    @TempDir
    private Path folder;

    private Path socket;
    private Path config;

    @BeforeEach
    void configure() throws IOException {
        mode(folder, "rwx------");
        socket = folder.resolve("guard.sock");
        config = Files.writeString(folder.resolve("sidecar.yaml"), "socket: " + socket + "\n");
    }

    @Test
    void shouldFindASidecarThatWaits() throws IOException {
        try (ServerSocketChannel server = listen()) {
            assertThat(check().finding()).isEqualTo("a sidecar waits at " + socket);
            assertThat(check().ready()).isTrue();
        }
    }

    @Test
    void shouldMissASidecarOnlyWhereOneMustBe() {
        assertThat(check().fix()).contains("./guard sidecar");
        Line elsewhere = SocketCheck.of(Map.of("GUARD_SOCKET", socket.toString()), Optional.empty());
        assertThat(elsewhere.finding()).contains("no sidecar runs here");
        assertThat(elsewhere.ready()).isTrue();
    }

    @Test
    void shouldFindWhatADeadSidecarLeft() throws IOException {
        listen().close();
        assertThat(check().finding()).contains("its sidecar has died");
    }

    @Test
    void shouldSayHowToCloseWhatIsOpenToOthers() throws IOException {
        try (ServerSocketChannel server = listen()) {
            mode(socket, "rw-rw-rw-");
            assertThat(check().fix()).isEqualTo("chmod 600 " + socket);
            mode(folder, "rwxr-xr-x");
            assertThat(check().fix()).isEqualTo("chmod 700 " + folder);
        }
    }

    @Test
    void shouldNameWhatIsWrongInTheConfiguration() throws IOException {
        Files.writeString(config, "sokket: /nowhere\n");
        assertThat(check().finding()).contains("unknown key sokket");
        assertThat(check().ready()).isFalse();
    }

    private Line check() {
        return SocketCheck.of(Map.of(), Optional.of(config));
    }

    private ServerSocketChannel listen() throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        mode(socket, "rw-------");
        return server;
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }
}
