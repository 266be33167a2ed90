package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.instabilityguard.sidecar.command.ShadowSettings;
import io.instabilityguard.sidecar.sample.SampleSettings;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class SidecarConfigTest {
    @TempDir
    Path folder;

    @Test
    void shouldHaveDefaults() {
        SidecarConfig config = SidecarConfig.of(Map.of());

        assertThat(config.socket().toString()).matches("/tmp/instability-guard-\\d+/guard.sock");
        assertThat(config.stateFolder()).isEqualTo(config.socket().resolveSibling("state"));
        assertThat(config.bootstrapServers()).isEqualTo("127.0.0.1:9092");
        assertThat(config.backend()).isEqualTo(NumericsBackend.AUTO);
        assertThat(config.schemaRegistryUrl()).isEmpty();
        assertThat(config.commandTimeoutMs()).isEqualTo(2_000);
        assertThat(config.sampling()).isEqualTo(new SampleSettings(5, false));
        assertThat(config.shadows()).isEqualTo(new ShadowSettings(1L << 30, 4));
        assertThat(config.recordBytes()).isBetween(1_000_000, 1 << 20);
    }

    @Test
    void shouldPrintSettingsOfKafkaByNameOnly() {
        SidecarConfig config = SidecarConfig.of(Map.of(
                "kafka.sasl.jaas.config", "Module required password=\"hunter-2\";",
                "commands.public-keys", "/keys/a.pem, /keys/b.pem",
                "socket.allowed-users", "trainer,1001"));

        assertThat(config.publicKeys()).containsExactly(Path.of("/keys/a.pem"), Path.of("/keys/b.pem"));
        assertThat(config.allowedUsers()).containsExactly("trainer", "1001");
        assertThat(config.toString()).contains("sasl.jaas.config").doesNotContain("hunter-2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a,,b", "a\u0000"})
    void shouldNotTakeAnEmptyNameForNoKeyAtAll(String value) {
        assertThatThrownBy(() -> SidecarConfig.of(Map.of("commands.public-keys", value)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("commands.public-keys");
    }

    @Test
    void shouldReadNestedYaml() throws Exception {
        Path file = Files.writeString(folder.resolve("sidecar.yaml"), """
                socket: /run/g/guard.sock
                bootstrap.servers: b:1
                telemetry:
                  queue.records: 7
                kafka:
                  security.protocol: SSL
                  linger.ms: 1
                numerics.backend: EJML
                profiles-every: 0
                increments: true
                shadow-bytes: 5000000000
                shadow-commands: 0
                """);

        SidecarConfig config = SidecarConfig.of(SettingsFile.read(file));

        assertThat(config.telemetryQueueRecords()).isEqualTo(7);
        assertThat(config.sampling()).isEqualTo(new SampleSettings(0, true));
        assertThat(config.shadows()).isEqualTo(new ShadowSettings(5_000_000_000L, 0));
        assertThat(config.kafka()).containsOnly(Map.entry("security.protocol", "SSL"), Map.entry("linger.ms", "1"));
        assertThat(config.backend()).isEqualTo(NumericsBackend.EJML);
        assertThat(new KafkaClients(config).producerSettings("telemetry"))
                .containsEntry("linger.ms", "1")
                .containsEntry("acks", "all")
                .containsEntry("enable.idempotence", true);
        assertThat(new KafkaClients(config).consumerSettings()).containsEntry("isolation.level", "read_committed");
    }

    @Test
    void shouldReadProperties() throws Exception {
        Path file = Files.writeString(folder.resolve("s.properties"), "schema.registry.url=http://r:8081\n");

        assertThat(SidecarConfig.of(SettingsFile.read(file)).serdeSettings())
                .containsEntry("schema.registry.url", "http://r:8081");
    }

    @Test
    void shouldLetOptionsBeatEnvironmentBeatFile() throws Exception {
        Path file = Files.writeString(folder.resolve("sidecar.yaml"), "socket: /file\nbootstrap.servers: file:1\n");
        SidecarMain fromEnvironment = new SidecarMain(Map.of("GUARD_SOCKET", "/environment"));
        SidecarMain fromOption = new SidecarMain(Map.of("GUARD_SOCKET", "/environment"));
        new CommandLine(fromEnvironment).parseArgs("--config", file.toString());
        new CommandLine(fromOption).parseArgs("--config", file.toString(), "--socket", "/option", "--bootstrap", "o:1");

        assertThat(fromEnvironment.settings()).containsEntry("socket", "/environment");
        assertThat(fromEnvironment.settings()).containsEntry("bootstrap.servers", "file:1");
        assertThat(fromOption.settings()).containsEntry("socket", "/option");
        assertThat(fromOption.settings()).containsEntry("bootstrap.servers", "o:1");
    }

    @Test
    void shouldNameTheNearestKeyToAnUnknownOne() {
        assertThatThrownBy(() -> SidecarConfig.of(Map.of("bootstrap.server", "x")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("unknown key bootstrap.server; did you mean bootstrap.servers?");
    }

    @ParameterizedTest
    @CsvSource({
        "telemetry.queue.records,0",
        "telemetry.queue.records,many",
        "outcomes.queue.records,-1",
        "command.timeout.ms,60001",
        "numerics.backend,abacus",
        "bootstrap.servers,' '",
        "bootstrap.servers,localhost",
        "profiles-every,-1",
        "increments,maybe",
        "shadow-bytes,1 GiB",
        "shadow-commands,1001"
    })
    void shouldNameTheKeyOfABadValue(String key, String value) {
        assertThatThrownBy(() -> SidecarConfig.of(Map.of(key, value)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"- a\n- b\n", "socket: [1, 2]\n", "socket: {\n", "just words\n"})
    void shouldNameTheFileThatHoldsNoSettings(String content) throws Exception {
        Path file = Files.writeString(folder.resolve("sidecar.yaml"), content);

        assertThatThrownBy(() -> SettingsFile.read(file))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("sidecar.yaml")
                .message()
                .doesNotContain("\n");
    }

    @Test
    void shouldEndWithOneLineAndCodeTwoForWrongUsage() {
        assertThat(run("--sockett", "x"))
                .startsWith("2 sidecar: Unknown option")
                .hasLineCount(1);
        assertThat(run("--config", folder.resolve("none.yaml").toString()))
                .startsWith("2 sidecar: cannot read")
                .hasLineCount(1);
    }

    @Test
    void shouldEndWithOneLineAndCodeOneWhenItCannotRun() {
        assertThat(run("--socket", folder.resolve("x".repeat(120)).toString()))
                .startsWith("1 sidecar: socket path has")
                .hasLineCount(1);
    }

    private static String run(String... arguments) {
        StringWriter err = new StringWriter();
        CommandLine line = SidecarMain.commandLine(Map.of()).setErr(new PrintWriter(err, true));
        int code = line.execute(arguments);
        return code + " " + err.toString().strip();
    }

    @Test
    void shouldReadWherePrometheusAsks() {
        assertThat(SidecarConfig.of(Map.of("metrics.address", "127.0.0.1:9400")).metricsAddress())
                .hasValue(new InetSocketAddress("127.0.0.1", 9400));
        assertThatThrownBy(() -> SidecarConfig.of(Map.of("metrics.address", "9400")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("metrics.address is \"9400\", must be host:port");
    }
}
