package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.instabilityguard.evaluation.trainer.Python;
import io.instabilityguard.evaluation.trainer.Seeds;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.evaluation.trainer.TrainerProcess;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What a user may do wrong is answered by one line and an exit code. */
class AllInOneIT {
    private final Path folder = Lab.folder();

    @Test
    void shouldTakeOverAStaleSocketAndRefuseASecondInstance() throws IOException {
        Path socket = Lab.socketIn(folder);
        Files.createDirectories(
                socket.getParent(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(socket));
        }
        assertThat(socket).exists();
        try (AllInOne guard = AllInOne.start(Lab.enforcing(folder))) {
            assertThat(guard.endpoints().socket()).isEqualTo(socket.toString());
            assertThat(Endpoints.readFrom(folder)).contains(guard.endpoints());
            assertThat(run("up", "--data", folder.toString()))
                    .isEqualTo(new Answer(
                            3,
                            "guard: another guard is running on the folder " + folder
                                    + ": stop it, or choose another folder with --data"));
        }
        assertThat(Endpoints.readFrom(folder)).isEmpty();
    }

    @Test
    void shouldSayThatThePortIsBusy() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = String.valueOf(other.getLocalPort());
            Answer answer = run("up", "--data", folder.toString(), "--port", port);
            assertThat(answer)
                    .isEqualTo(new Answer(
                            3,
                            "guard: port " + port
                                    + " is busy: stop what listens there, or choose another with --port"));
        }
    }

    @Test
    void shouldSayThatTheFolderCannotBeWritten() throws IOException {
        Path file = Files.createFile(folder.resolve("a-file"));
        Answer answer = run("up", "--data", file.resolve("data").toString());
        assertThat(answer.exitCode()).isEqualTo(3);
        assertThat(answer.line()).startsWith("guard: cannot write to the folder " + file.resolve("data"));
    }

    @Test
    void shouldNameTheKeyOfATypoInThePolicy() throws IOException {
        Path policy = Files.writeString(folder.resolve("policy.yaml"), "detektors: {}\n");
        Answer answer = run("up", "--data", folder.toString(), "--policy", policy.toString());
        assertThat(answer.exitCode()).isEqualTo(2);
        assertThat(answer.line()).contains("detektors");
    }

    @Test
    void shouldServeThePolicyItHasReadAlthoughTheFileIsGone() throws IOException {
        Path policy = Files.writeString(folder.resolve("policy.yaml"), "mode: observe\n");
        try (AllInOne guard = AllInOne.start(Lab.enforcing(folder, Optional.of(policy)))) {
            Files.delete(policy);
            assertThat(guard.serve(0)).startsWith("http://127.0.0.1:");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "up --mode maybe", "up --port 70000", "up --colour", "demo --scenario nothing", "demo --seed x",
                        "demo --seed -1",
                "demo --text /nowhere/text", "evaluate --seeds 9-1", "evaluate --methods magic", "bench speed", "fly",
                        ""
            })
    void shouldAnswerWrongOptionsInOneLine(String arguments) {
        Answer answer = run(arguments.isEmpty() ? new String[0] : arguments.split(" "));
        assertThat(answer.exitCode()).isEqualTo(2);
        assertThat(answer.line()).startsWith("guard: ").hasSizeLessThan(250);
    }

    @Test
    void shouldSayThatTorchIsMissing() {
        assertThatExceptionOfType(UserError.class)
                .isThrownBy(() -> new Python("false", folder).requireTorch())
                .withMessageContaining("cannot import torch")
                .satisfies(error -> assertThat(error.exitCode()).isEqualTo(UserError.ENVIRONMENT));
    }

    @Test
    void shouldSayThatTheTextIsTooShort() throws IOException {
        Path text = Files.writeString(folder.resolve("short.txt"), "short");
        TrainerJob job = new TrainerJob("S", "none", Seeds.only(0), 1, false, null, text, null);
        try (TrainerProcess trainer = TrainerProcess.start(Lab.python(), job)) {
            assertThatExceptionOfType(UserError.class)
                    .isThrownBy(() -> trainer.follow(step -> {}))
                    .withMessageContaining("5 usable characters")
                    .satisfies(error -> assertThat(error.exitCode()).isEqualTo(UserError.USAGE));
        }
    }

    private record Answer(int exitCode, String line) {}

    private static Answer run(String... arguments) {
        StringWriter errors = new StringWriter();
        CommandLine command = GuardCommand.commandLine().setErr(new PrintWriter(errors));
        int exitCode = command.execute(arguments);
        assertThat(errors.toString().lines()).hasSize(1);
        return new Answer(exitCode, errors.toString().strip());
    }
}
