package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The alerts under {@code deploy}, checked by the tools that will read them. */
final class DeployAlertsTest {
    private static final Path DEPLOY = Path.of("..", "deploy").toAbsolutePath().normalize();
    private static final Path RULES = DEPLOY.resolve("prometheus");

    @Test
    void shouldPassTheirOwnTests() throws Exception {
        assertThat(run(RULES, "promtool", "test", "rules", "alerts_test.yaml", "objectives_test.yaml"))
                .isZero();
    }

    @Test
    void shouldBeRulesThatPrometheusLoads() throws Exception {
        assertThat(run(RULES, "promtool", "check", "config", "prometheus.yaml")).isZero();
    }

    @Test
    void shouldBeRoutedAsAlertmanagerUnderstandsIt() throws Exception {
        assertThat(run(DEPLOY.resolve("alertmanager"), "amtool", "check-config", "alertmanager.yaml"))
                .isZero();
    }

    @ParameterizedTest
    @MethodSource("alerts")
    void shouldSayHowBadTheyAreAndWhatToDo(JsonNode alert) {
        assertThat(alert.at("/labels/severity").asText()).isIn("page", "ticket");
        assertThat(alert.at("/annotations/summary").asText()).isNotBlank();
        assertThat(DEPLOY.resolve(alert.at("/annotations/runbook_url").asText()))
                .hasFileName(alert.get("alert").asText() + ".md")
                .content()
                .contains("**What it means.**", "**Is training at risk?**", "**Do.**", "**Undo.**", "**Silence.**");
    }

    @Test
    void shouldEachBeTested() throws IOException {
        String tests = Files.readString(RULES.resolve("alerts_test.yaml"));
        assertThat(alerts())
                .allSatisfy(alert -> assertThat(tests)
                        .contains("alertname: " + alert.get("alert").asText()));
    }

    static List<JsonNode> alerts() throws IOException {
        List<JsonNode> alerts = new ArrayList<>();
        JsonNode file = new YAMLMapper().readTree(RULES.resolve("alerts.yaml").toFile());
        file.get("groups").forEach(group -> group.get("rules").forEach(alerts::add));
        return alerts;
    }

    private static int run(Path folder, String... command) throws Exception {
        assumeTrue(isInstalled(command[0]), command[0] + " is not installed here");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .start();
        return process.waitFor();
    }

    private static boolean isInstalled(String tool) {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    }
}
