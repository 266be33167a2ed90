package io.instabilityguard.guard.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.view.access.Principal;
import io.instabilityguard.guard.view.access.Role;
import io.instabilityguard.guard.view.http.HttpConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenCommandTest {

    @TempDir
    private Path folder;

    @Test
    void shouldPrintATokenAndTheConfigurationThatKnowsIt() throws IOException {
        StringWriter said = new StringWriter();
        assertThat(run(said, "token", "alice", "--role", "operator")).isZero();
        String text = said.toString();
        String token = text.lines().findFirst().orElseThrow().replaceFirst("^.*: ", "");
        Path file = Files.writeString(folder.resolve("guard.yaml"), text.substring(text.indexOf("http:")));
        HttpConfig config = HttpConfig.read(file, Map.of()).orElseThrow();
        assertThat(config.tokens().owner(token)).contains(new Principal("alice", Role.OPERATOR));
        assertThat(Files.readString(file)).doesNotContain(token);
    }

    @Test
    void shouldRefuseUnknownRolesAndNames() {
        StringWriter said = new StringWriter();
        assertThat(run(said, "token", "alice", "--role", "boss")).isEqualTo(2);
        assertThat(run(said, "token", "a b")).isEqualTo(2);
        assertThat(said.toString().lines())
                .containsExactly(
                        "guard: --role: must be one of viewer, operator, admin, not boss",
                        "guard: NAME: must be 1 to 100 characters of [A-Za-z0-9_@-], not a b");
    }

    private static int run(StringWriter said, String... arguments) {
        return ConsoleMain.commandLine()
                .setOut(new PrintWriter(said, true))
                .setErr(new PrintWriter(said, true))
                .execute(arguments);
    }
}
