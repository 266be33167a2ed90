package io.instabilityguard.guard.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.schemas.FakeSchemaRegistry;
import io.instabilityguard.schemas.RecordSerdes;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class DoctorCommandTest {
    /** Nothing listens there. */
    private static final String NOWHERE = "127.0.0.1:1";

    private final StringWriter said = new StringWriter();

    @Test
    @Timeout(60)
    void shouldNotWaitLongForBrokersThatDoNotAnswer() throws IOException {
        assertThat(doctor("--bootstrap-servers", NOWHERE, "--json")).isEqualTo(3);
        JsonNode kafka = new ObjectMapper()
                .readTree(said.toString().lines().skip(1).findFirst().orElseThrow());
        assertThat(kafka.get("about").asText()).isEqualTo("Kafka");
        assertThat(kafka.get("ready").asBoolean()).isFalse();
        assertThat(kafka.get("finding").asText()).startsWith(NOWHERE + " does not answer");
        assertThat(kafka.get("fix").asText()).contains("bootstrap-servers");
    }

    @Test
    void shouldAskNobodyWhenNoClusterIsNamed() {
        assertThat(doctor()).isZero();
        assertThat(said.toString()).startsWith("Kafka     not asked: name").doesNotContain("fix:");
    }

    @Test
    void shouldNameAKeyThatIsMissingWithItsFix() {
        assertThat(doctor("--bootstrap-servers", NOWHERE, "--as", "operator", "--signing-key", "none/alice.key"))
                .isEqualTo(3);
        assertThat(said.toString())
                .contains("Config    --signing-key: none/alice.key does not exist", "fix: correct it; where a key is");
    }

    @Test
    void shouldRefuseARoleThatThereIsNot() {
        assertThat(doctor("--as", "king")).isEqualTo(2);
    }

    @Test
    void shouldAskTheRegistryThatIsConfigured() throws IOException {
        try (FakeSchemaRegistry registry = FakeSchemaRegistry.start()) {
            registry.answerAlways(200, "[]");
            assertThat(registry(registry.url()).isReady()).isTrue();
            registry.answerAlways(401, "{}");
            assertThat(registry(registry.url()).finding()).endsWith("answers with status 401");
        }
        assertThat(registry("http://" + NOWHERE).finding()).contains("does not answer");
        assertThat(registry("no address").fix()).contains(RecordSerdes.REGISTRY_URL);
        assertThat(RegistryExamination.of(Map.of(), Duration.ofSeconds(5)).isReady())
                .isTrue();
    }

    private static Diagnosis registry(String url) {
        return RegistryExamination.of(Map.of(RecordSerdes.REGISTRY_URL, url), Duration.ofSeconds(5));
    }

    private int doctor(String... options) {
        String[] words = new String[options.length + 1];
        words[0] = "doctor";
        System.arraycopy(options, 0, words, 1, options.length);
        PrintWriter out = new PrintWriter(said, true);
        return ConsoleMain.commandLine().setOut(out).setErr(out).execute(words);
    }
}
