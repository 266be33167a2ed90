package io.instabilityguard.guard.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class ConsoleMainTest {

    @Test
    void shouldAskWhichClusterInOneLine() {
        StringWriter errors = new StringWriter();
        CommandLine line = ConsoleMain.commandLine().setErr(new PrintWriter(errors, true));

        int status = line.execute("runs", "ls", "--json");

        assertThat(status).isEqualTo(2);
        assertThat(errors.toString()).hasLineCount(1).contains("--bootstrap-servers");
    }

    @Test
    void shouldExplainAnUnknownOptionInOneLine() {
        StringWriter errors = new StringWriter();
        CommandLine line = ConsoleMain.commandLine().setErr(new PrintWriter(errors, true));

        assertThat(line.execute("runs", "ls", "--jsn")).isEqualTo(2);
        assertThat(errors.toString()).contains("--jsn");
    }
}
