package io.instabilityguard.sidecar.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HookServerTest {
    @TempDir
    Path folder;

    private final List<Recorder> listeners = new CopyOnWriteArrayList<>();

    @Test
    void shouldMakeAPrivateFolderAndSocket() throws Exception {
        Path socket = folder.resolve("new/guard.sock");
        try (HookServer server = open(socket)) {
            assertThat(server).isNotNull();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.getParent())))
                    .isEqualTo("rwx------");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                    .isEqualTo("rw-------");
        }
        assertThat(socket).doesNotExist();
    }

    @Test
    void shouldRemoveAStaleSocketAndStaleStagingFiles() throws Exception {
        Path socket = folder.resolve("guard.sock");
        ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        dead.bind(UnixDomainSocketAddress.of(socket));
        dead.close();
        Files.createFile(folder.resolve("staging-1-deadbeef"));

        try (HookServer server = open(socket);
                TestHook hook = TestHook.connect(socket)) {
            assertThat(server).isNotNull();
            hook.send(new HookMessage.Bye(1));
            await().untilAsserted(() -> assertThat(listeners.get(0).messages).contains(new HookMessage.Bye(1)));
            assertThat(folder.resolve("staging-1-deadbeef")).doesNotExist();
        }
    }

    @Test
    void shouldNotTakeTheSocketOfALivingSidecar() throws Exception {
        Path socket = folder.resolve("guard.sock");
        try (HookServer server = open(socket)) {
            assertThat(server).isNotNull();
            assertThatThrownBy(() -> open(socket))
                    .isInstanceOf(IOException.class)
                    .hasMessage("another sidecar already listens on " + socket);
            assertThat(socket).exists();
        }
    }

    @Test
    void shouldLeaveAFileAloneThatIsNoSocket() throws Exception {
        Path file = Files.createFile(folder.resolve("guard.sock"));

        assertThatThrownBy(() -> open(file)).isInstanceOf(IOException.class).hasMessageContaining("no socket");
        assertThat(file).exists();
    }

    @Test
    void shouldRefuseAPathThatTheSystemCannotTake() {
        assertThatThrownBy(() -> open(folder.resolve("x".repeat(120))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the system allows 107");
    }

    @Test
    void shouldRefuseAFolderThatOthersMayEnter() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));

        assertThatThrownBy(() -> open(folder.resolve("guard.sock")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("chmod 700 " + folder);
    }

    @Test
    void shouldSayThatTheFolderCannotBeMade() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));

        assertThatThrownBy(() -> open(file.resolve("inner/guard.sock")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot make the socket's folder");
    }

    @Test
    void shouldRefuseRubbishAndGoOnServingOthers() throws Exception {
        Path socket = folder.resolve("guard.sock");
        try (HookServer server = open(socket);
                TestHook good = TestHook.connect(socket);
                TestHook bad = TestHook.connect(socket)) {
            assertThat(server).isNotNull();
            bad.sendRaw(ByteBuffer.allocate(8)
                    .putInt(4)
                    .put("rubb".getBytes(java.nio.charset.StandardCharsets.UTF_8))
                    .flip());

            assertThat(bad.next())
                    .isInstanceOfSatisfying(
                            SidecarMessage.Refused.class,
                            refused -> assertThat(refused.reason()).contains("not a message"));
            assertThat(bad.isAtEnd()).isTrue();
            good.send(new HookMessage.Bye(2));
            await().untilAsserted(() -> assertThat(allMessages()).contains(new HookMessage.Bye(2)));
        }
    }

    @Test
    void shouldRefuseAnOversizedFrame() throws Exception {
        Path socket = folder.resolve("guard.sock");
        try (HookServer server = open(socket);
                TestHook hook = TestHook.connect(socket)) {
            assertThat(server).isNotNull();
            hook.sendRaw(ByteBuffer.allocate(4).putInt(-5).flip());

            assertThat(hook.next()).isInstanceOf(SidecarMessage.Refused.class);
            assertThat(hook.isAtEnd()).isTrue();
        }
    }

    @Test
    void shouldRefuseTheProcessesOfOtherUsersWhateverTheySay() throws Exception {
        Path socket = folder.resolve("guard.sock");
        try (HookServer server = open(socket, AllowedUsers.of(List.of("65534")));
                TestHook hook = TestHook.connect(socket)) {
            assertThat(server).isNotNull();
            hook.send(new HookMessage.Bye(1));

            assertThat(hook.next())
                    .isInstanceOfSatisfying(
                            SidecarMessage.Refused.class,
                            refused -> assertThat(refused.reason()).contains("may not connect"));
            assertThat(hook.isAtEnd()).isTrue();
            assertThat(listeners).isEmpty();
        }
    }

    @Test
    void shouldSayThatAnAllowedUserDoesNotExist() {
        assertThatThrownBy(() -> AllowedUsers.of(List.of("nobody-of-that-name")))
                .isInstanceOf(IOException.class)
                .hasMessage("there is no user nobody-of-that-name (socket.allowed-users)");
    }

    @Test
    void shouldTellTheListenerOnceWhenTheHookDies() throws Exception {
        Path socket = folder.resolve("guard.sock");
        try (HookServer server = open(socket)) {
            assertThat(server).isNotNull();
            TestHook.connect(socket).close();

            await().untilAsserted(() -> assertThat(listeners)
                    .singleElement()
                    .extracting(listener -> listener.closed)
                    .isEqualTo(1));
        }
    }

    @Test
    void shouldDropAHookThatDoesNotReadInsteadOfWaitingForIt() throws Exception {
        Path socket = folder.resolve("guard.sock");
        try (HookServer server = open(socket);
                SocketChannel deaf = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            assertThat(server).isNotNull();
            await().until(() -> !listeners.isEmpty());
            SidecarMessage large = new SidecarMessage.Refused("x".repeat(100_000));
            for (int i = 0; i < 1_000; i++) {
                listeners.get(0).link.send(large);
            }

            await().untilAsserted(() -> assertThat(listeners.get(0).closed).isEqualTo(1));
            assertThat(deaf.isOpen()).isTrue();
        }
    }

    @Test
    void shouldEndEverySessionWhenClosed() throws Exception {
        Path socket = folder.resolve("guard.sock");
        HookServer server = open(socket);
        try (TestHook hook = TestHook.connect(socket)) {
            await().until(() -> !listeners.isEmpty());

            server.close();

            assertThat(hook.isAtEnd()).isTrue();
            assertThat(listeners.get(0).closed).isEqualTo(1);
        }
    }

    private HookServer open(Path socket) throws IOException {
        return open(socket, AllowedUsers.of(List.of()));
    }

    private HookServer open(Path socket, AllowedUsers allowed) throws IOException {
        return HookServer.open(socket, allowed, link -> {
            Recorder recorder = new Recorder(link);
            listeners.add(recorder);
            return recorder;
        });
    }

    private List<HookMessage> allMessages() {
        List<HookMessage> all = new ArrayList<>();
        listeners.forEach(listener -> all.addAll(listener.messages));
        return all;
    }

    private static final class Recorder implements HookListener {
        private final HookLink link;
        private final List<HookMessage> messages = new CopyOnWriteArrayList<>();
        private volatile int closed;

        Recorder(HookLink link) {
            this.link = link;
        }

        @Override
        public void onMessage(HookMessage message) {
            messages.add(message);
        }

        @Override
        public synchronized void onClosed() {
            closed++;
        }
    }
}
