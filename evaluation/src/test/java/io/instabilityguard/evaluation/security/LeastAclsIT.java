package io.instabilityguard.evaluation.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.guard.console.AclRule;
import io.instabilityguard.guard.console.ConsoleMain;
import io.instabilityguard.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every line of the least access control list is needed, and nothing beyond it is allowed. That it suffices is {@link SecuredLoopIT}'s. */
class LeastAclsIT {
    @TempDir
    static Path folder;

    private static SecuredKafka kafka;

    @BeforeAll
    static void start() throws Exception {
        kafka = SecuredKafka.start(folder);
        kafka.allowWhatIsPrinted(folder);
        kafka.fill();
    }

    @AfterAll
    static void stop() {
        kafka.close();
    }

    static List<AclRule> rules() {
        return SecuredKafka.RULES;
    }

    @ParameterizedTest
    @MethodSource("rules")
    void shouldNeedEveryLine(AclRule rule) throws Exception {
        AclProbe probe = new AclProbe(kafka.client(rule.principal().substring("User:".length())));
        await().until(() -> probe.allows(rule));

        kafka.forbid(rule);
        try {
            await().atMost(Duration.ofSeconds(10)).until(() -> !probe.allows(rule));
        } finally {
            kafka.allow(List.of(rule));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sidecar", "operator", "redriver", "subscriber", "canary"})
    void shouldLetNobodyButTheGuardCommand(String principal) throws Exception {
        AclProbe probe = new AclProbe(kafka.client(principal));
        AclRule command = SecuredKafka.RULES.stream()
                .filter(rule -> rule.operation() == AclOperation.WRITE)
                .filter(rule -> rule.name().equals(Topics.COMMANDS.name()))
                .reduce((one, another) -> {
                    throw new AssertionError("two principals may command: " + one + another);
                })
                .orElseThrow();

        assertThat(command.principal()).isEqualTo("User:guard");
        assertThat(probe.allows(command)).isFalse();
    }

    @Test
    void shouldNotLetSidecarsActAsTheGuard() throws Exception {
        AclProbe probe = new AclProbe(kafka.client("sidecar"));
        String own = SecuredKafka.APPLICATION;

        assertThat(probe.allows(rule(ResourceType.TRANSACTIONAL_ID, own + "-1", AclOperation.WRITE)))
                .isFalse();
        assertThat(probe.allows(rule(ResourceType.GROUP, own, AclOperation.READ)))
                .isFalse();
        assertThat(probe.allows(rule(ResourceType.TOPIC, own + "-probe-changelog", AclOperation.READ)))
                .isFalse();
        assertThat(probe.allows(rule(ResourceType.TOPIC, Topics.DECISIONS.name(), AclOperation.WRITE)))
                .isFalse();
        assertThat(probe.allows(rule(ResourceType.TOPIC, Topics.TELEMETRY.name(), AclOperation.READ)))
                .isFalse();
    }

    @Test
    void shouldNotLetAnybodyInWithoutACertificateOrPasswordThatTheBrokerBelieves() {
        for (Map<String, String> client : List.of(kafka.client("stranger"), kafka.knowing("sidecar", "a-guess"))) {
            Map<String, Object> settings = new HashMap<>(client);
            settings.put("request.timeout.ms", 5_000);
            settings.put("default.api.timeout.ms", 10_000);
            try (Admin admin = Admin.create(settings)) {
                assertThatThrownBy(() -> admin.listTopics().names().get())
                        .isInstanceOf(ExecutionException.class)
                        .hasCauseInstanceOf(AuthenticationException.class);
            }
        }
    }

    @Test
    void shouldBeFoundSufficientByTheDoctorAndNoMoreThanThat() throws Exception {
        assertThat(doctor("guard"))
                .contains("may do with every topic what its role needs: guard", "an administrator runs");
        assertThat(doctor("operator")).contains("may do with every topic what its role needs: operator");
        assertThat(doctor("guard", "operator")).contains("may not WRITE " + Topics.OPERATOR.name());
    }

    private static String doctor(String principal) throws IOException {
        return doctor(principal, principal);
    }

    /** What the doctor says to a principal that wants to do what a role does. */
    private static String doctor(String principal, String role) throws IOException {
        Map<String, String> client = new TreeMap<>(kafka.client(principal));
        StringBuilder config = new StringBuilder("bootstrap-servers: " + client.remove("bootstrap.servers")
                + "\napplication-id: " + SecuredKafka.APPLICATION + "\nreplication-factor: 1\nkafka:\n");
        client.forEach((key, value) ->
                config.append("  ").append(key).append(": '").append(value).append("'\n"));
        Path file = Files.writeString(folder.resolve(principal + ".yaml"), config);
        StringWriter said = new StringWriter();
        PrintWriter out = new PrintWriter(said, true);
        ConsoleMain.commandLine().setOut(out).setErr(out).execute("doctor", "--config", file.toString(), "--as", role);
        return said.toString();
    }

    private static AclRule rule(ResourceType type, String name, AclOperation operation) {
        return new AclRule("User:sidecar", type, PatternType.LITERAL, name, operation, "");
    }
}
