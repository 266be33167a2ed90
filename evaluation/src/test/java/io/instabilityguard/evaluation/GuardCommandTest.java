package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** What the commands of this module have in common. */
class GuardCommandTest {
    private final Map<String, CommandLine> commands = GuardCommand.commandLine().getSubcommands();

    @Test
    void shouldSpeakToProgramsEverywhereButWhereAProcessStays() {
        assertThat(commands).hasSize(8);
        assertThat(commands).allSatisfy((name, command) -> {
            if (!name.equals("up")) {
                assertThat(command.getCommandSpec().optionsMap()).containsKey("--json");
            }
        });
    }

    @Test
    void shouldSayExitCodesAndExamplesEverywhereWithoutColour() {
        assertThat(commands)
                .allSatisfy((name, command) -> assertThat(command.getUsageMessage(Ansi.AUTO))
                        .contains("Exit codes:", "Example", "--help")
                        .containsPattern("  2 +bad options")
                        .containsPattern("  3 +[a-z]")
                        .doesNotContain("\u001b["));
    }
}
