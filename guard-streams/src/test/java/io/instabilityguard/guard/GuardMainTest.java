package io.instabilityguard.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.Mode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GuardMainTest {

    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    @Test
    void shouldSayInOneLineWhatIsWrong() throws IOException {
        assertThat(execute("--config", "no-such-file.yaml")).isEqualTo(2);
        assertThat(execute("--config", file("bootstrap-server: x"))).isEqualTo(2);
        assertThat(execute("--config", file("bootstrap-servers: localhost:1\nmode: kill")))
                .isEqualTo(2);
        assertThat(execute("--config", file("bootstrap-servers: localhost:1\npolicy: none.yaml")))
                .isEqualTo(2);
        assertThat(execute("--config", file("bootstrap-servers: localhost:1"), "--mode", "kill"))
                .isEqualTo(2);
        assertThat(execute("--config", file("bootstrap-servers: not a broker"))).isEqualTo(1);
        assertThat(execute("--confg", "x")).isEqualTo(2);
        assertThat(execute()).isEqualTo(2);

        assertThat(err.toString().lines())
                .hasSize(8)
                .allMatch(line -> line.startsWith("guard: "))
                .anyMatch(line -> line.contains("no-such-file.yaml cannot be read"))
                .anyMatch(line -> line.equals("guard: bootstrap-servers: missing"))
                .anyMatch(line -> line.contains("mode: must be one of observe, approve, enforce, not \"kill\""))
                .anyMatch(line -> line.contains("none.yaml cannot be read"))
                .anyMatch(line -> line.contains("--mode: must be one of observe, approve, enforce, not kill"));
    }

    @Test
    void shouldReadItsConfiguration() throws IOException {
        Files.writeString(folder.resolve("mine.yaml"), "mode: approve");
        GuardConfig config = GuardConfig.read(Path.of(file("""
                bootstrap-servers: a:1,b:2
                threads: 3
                policy: mine.yaml
                kafka: {commit.interval.ms: 7, schema.registry.url: "http://registry"}
                """)));
        assertThat(config.policy().mode()).hasToString("APPROVE");
        assertThat(config.streamsProperties())
                .containsEntry("bootstrap.servers", "a:1,b:2")
                .containsEntry("num.stream.threads", 3)
                .containsEntry("commit.interval.ms", "7")
                .containsEntry("processing.guarantee", "exactly_once_v2")
                .containsEntry("schema.registry.url", "http://registry");
    }

    @Test
    void shouldLetPoliciesFromKafkaChangeTheModeUnlessItIsPinned() throws IOException {
        GuardConfig config = GuardConfig.read(Path.of(file("bootstrap-servers: a:1\nmode: observe")));
        assertThat(config.policies().over("mode: enforce").mode()).isEqualTo(Mode.ENFORCE);
        assertThat(config.withMode(Mode.APPROVE)
                        .policies()
                        .over("mode: enforce")
                        .mode())
                .isEqualTo(Mode.APPROVE);
        assertThat(config.withMode(Mode.APPROVE).policy().mode()).isEqualTo(Mode.APPROVE);
    }

    @Test
    void shouldBeReadyForItsOwnDeath() throws IOException {
        StreamsConfig settings =
                new StreamsConfig(GuardConfig.read(Path.of(file("""
                bootstrap-servers: a:1
                standby-replicas: 2
                instance-id: guard-1
                """))).streamsProperties());
        assertThat(settings.getInt("num.standby.replicas")).isEqualTo(2);
        assertThat(settings.getMainConsumerConfigs("g", "c", 3))
                .containsEntry("group.instance.id", "guard-1-3")
                .containsEntry("session.timeout.ms", 6_000)
                .containsEntry("isolation.level", "read_committed");
        assertThat(settings.getProducerConfigs("p"))
                .containsEntry("enable.idempotence", true)
                .containsEntry("transaction.timeout.ms", 6_000)
                .doesNotContainEntry("acks", "1");
    }

    private String file(String yaml) throws IOException {
        return Files.writeString(folder.resolve("guard.yaml"), yaml).toString();
    }

    private int execute(String... arguments) {
        return GuardMain.commandLine().setErr(new PrintWriter(err, true)).execute(arguments);
    }
}
