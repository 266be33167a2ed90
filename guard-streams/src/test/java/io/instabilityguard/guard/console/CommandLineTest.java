package io.instabilityguard.guard.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.GuardMain;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What all commands have in common, and what a shell knows of them. */
final class CommandLineTest {
    private static final Path LAUNCHER = Path.of("..", "guard");

    @TempDir
    private Path folder;

    @Test
    void shouldSpeakToProgramsEverywhere() {
        assertThat(leaves(ConsoleMain.commandLine())
                        .filter(command -> !command.getCommandName().equals("completion")))
                .hasSizeGreaterThan(25)
                .allSatisfy(command -> assertThat(command.getCommandSpec().optionsMap())
                        .as(command.getCommandSpec().qualifiedName())
                        .containsKeys("--json", "--help"));
    }

    @Test
    void shouldSayExitCodesAndExamplesEverywhereWithoutColour() {
        assertThat(Stream.concat(leaves(ConsoleMain.commandLine()), Stream.of(GuardMain.commandLine())))
                .allSatisfy(command -> assertThat(command.getUsageMessage(CommandLine.Help.Ansi.AUTO))
                        .contains("Exit codes:", "  2   bad options", "Example")
                        .doesNotContain("\u001b["));
    }

    @Test
    void shouldKnowEveryCommandOfTheLauncher() throws Exception {
        List<String> usage = Files.readAllLines(LAUNCHER).stream()
                .dropWhile(line -> !line.startsWith("usage: guard"))
                .takeWhile(line -> !line.startsWith("exit codes"))
                .filter(line -> line.matches("  [a-z].*"))
                .map(line -> line.strip().split(" ")[0])
                .toList();
        assertThat(completed("guard", "")).containsExactlyInAnyOrderElementsOf(usage);
    }

    @Test
    void shouldCompleteCommandsAndOptionsInAShell() throws Exception {
        assertThat(completed("guard", "commands", "a")).containsExactly("approve");
        assertThat(completed("guard", "doctor", "--sid")).containsExactly("--sidecar-config");
        assertThat(completed("guard", "streams", "--mo")).containsExactly("--mode");
    }

    @Test
    void shouldSayExitStatusAndColoursInTheLauncher() throws Exception {
        assertThat(Files.readString(LAUNCHER)).contains("exit codes: 0 done", "NO_COLOR");
    }

    private static Stream<CommandLine> leaves(CommandLine command) {
        return command.getSubcommands().isEmpty()
                ? Stream.of(command)
                : command.getSubcommands().values().stream().flatMap(CommandLineTest::leaves);
    }

    /** What bash offers for the last of these words. */
    private List<String> completed(String... words) throws Exception {
        Path script = folder.resolve("completion");
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(script))) {
            assertThat(ConsoleMain.commandLine().setOut(out).execute("completion"))
                    .isZero();
        }
        String ask = "source " + script + "; COMP_WORDS=('" + String.join("' '", words) + "'); COMP_CWORD="
                + (words.length - 1) + "; _complete_guard; printf '%s\\n' \"${COMPREPLY[@]}\"";
        Process bash = new ProcessBuilder("bash", "-c", ask)
                .redirectError(ProcessBuilder.Redirect.DISCARD) // compopt complains where nobody types
                .start();
        List<String> offered = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(bash.waitFor()).isZero();
        return offered;
    }
}
