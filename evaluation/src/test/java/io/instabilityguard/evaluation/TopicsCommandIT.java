package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.guard.console.ConsoleMain;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;

class TopicsCommandIT {
    private final StringWriter said = new StringWriter();

    @Test
    void shouldCreateTheTopicsAndNameWhatIsWrongWithThem() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(Lab.folder(), EmbeddedBroker.ANY_PORT)) {
            String brokers = broker.bootstrapServers();
            assertThat(topics("create", brokers))
                    .as("one broker cannot keep three copies")
                    .isEqualTo(1);
            assertThat(said.toString()).hasLineCount(1).contains("eplication factor");
            assertThat(topics("check", brokers, "--replication-factor", "1")).isEqualTo(1);
            assertThat(said.toString()).contains(names()).contains("missing");
            assertThat(topics("create", brokers, "--replication-factor", "1")).isZero();
            assertThat(topics("check", brokers, "--replication-factor", "1")).isZero();
            alter(brokers, Topics.COMMANDS, "retention.ms", "60000");
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> topics("check", brokers, "--replication-factor", "1") == 1);
            assertThat(said.toString())
                    .contains(Topics.COMMANDS.name(), "60000", "--add-config retention.ms=")
                    .doesNotContain(Topics.DECISIONS.name());
        }
    }

    private int topics(String what, String brokers, String... further) {
        said.getBuffer().setLength(0);
        List<String> arguments = new ArrayList<>(List.of("topics", what, "--bootstrap-servers", brokers));
        arguments.addAll(List.of(further));
        PrintWriter out = new PrintWriter(said, true);
        return ConsoleMain.commandLine().setOut(out).setErr(out).execute(arguments.toArray(String[]::new));
    }

    private static List<String> names() {
        return Topics.all().stream().<String>map(Topic::name).toList();
    }

    private static void alter(String brokers, Topic<?> topic, String key, String value) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.name());
        AlterConfigOp change = new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
            admin.incrementalAlterConfigs(Map.of(resource, List.of(change)))
                    .all()
                    .get();
        }
    }
}
