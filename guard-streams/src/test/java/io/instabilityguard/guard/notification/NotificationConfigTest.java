package io.instabilityguard.guard.notification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.policy.PolicyException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NotificationConfigTest {

    private static final String SECRET = "https://chat.example/hooks/T0/B1/hunter-2-4711";

    @TempDir
    private Path folder;

    @Test
    void shouldReadReceiversAndNeverPrintASecret() throws IOException {
        Files.writeString(folder.resolve("chat-url"), SECRET + "\n");
        Path file = file("""
                notifications:
                  dashboard: https://guard.example
                  slack: {url-file: chat-url}
                  webhook: {url: "http://pager.example/hook", secret-env: PAGER_SECRET}
                  alertmanager: {url: "http://alertmanager:9093"}
                """);

        NotificationConfig config = NotificationConfig.read(file, Map.of("PAGER_SECRET", "hunter-2-4711"));

        assertThat(config.receivers()).extracting(Receiver::name).containsExactly("slack", "webhook", "alertmanager");
        assertThat(config.toString()).doesNotContain("hunter");
        assertThat(GuardConfig.read(file).bootstrapServers()).isEqualTo("a:1");
    }

    @Test
    void shouldTellNobodyByDefault() throws IOException {
        assertThat(NotificationConfig.read(file(""), Map.of()).receivers()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "slack: {url-env: UNSET}|notifications.slack",
                "slack: {url-file: missing}|notifications.slack.url-file",
                "slack: {url: 'https://x.example/'}|notifications.slack",
                "slack: {url-env: BAD}|notifications.slack.url",
                "webhook: {url: 'http://x.example'}|notifications.webhook",
                "webhook: {url: 'ftp://x.example', secret-env: BAD}|notifications.webhook.url",
                "alertmanager: {url: nowhere}|notifications.alertmanager.url",
                "pagerduty: {key: 1}|notifications.pagerduty"
            })
    void shouldNameTheKeyThatIsWrongAndNoSecret(String section, String key) throws IOException {
        Path file = file("notifications: {" + section + "}\n");

        assertThatThrownBy(() -> NotificationConfig.read(file, Map.of("BAD", "hunter 2 4711")))
                .isInstanceOf(PolicyException.class)
                .hasMessageStartingWith(key)
                .hasMessageNotContaining("hunter");
    }

    private Path file(String notifications) throws IOException {
        return Files.writeString(folder.resolve("guard.yaml"), "bootstrap-servers: a:1\n" + notifications);
    }
}
