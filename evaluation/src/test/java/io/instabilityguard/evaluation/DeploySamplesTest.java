package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.view.access.Role;
import io.instabilityguard.guard.view.http.HttpConfig;
import io.instabilityguard.schemas.Mode;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The sample configurations are read by the processes they are for. */
class DeploySamplesTest {
    private static final Path DEPLOY = Path.of("..", "deploy");

    @Test
    void shouldConfigureTheGuard() {
        GuardConfig config = GuardConfig.read(DEPLOY.resolve("guard.yaml"));
        assertThat(config.replicationFactor()).isEqualTo(3);
        assertThat(HttpConfig.read(DEPLOY.resolve("guard.yaml"), Map.of()))
                .hasValueSatisfying(http -> assertThat(http.port()).isEqualTo(8642));
        assertThat(config.policy().mode()).isEqualTo(Mode.OBSERVE);
        assertThat(config.kafka()).containsEntry("security.protocol", "PLAINTEXT");
    }

    @Test
    void shouldConfigureTheGuardsInContainers() {
        Path kubernetes = DEPLOY.resolve("kubernetes/base/guard-config.yaml");
        assertThat(GuardConfig.read(kubernetes).replicationFactor()).isEqualTo(3);
        assertThat(HttpConfig.read(kubernetes, Map.of("GUARD_ADVERTISED_ADDRESS", "guard-0.guard-peers:8080")))
                .get()
                .extracting(HttpConfig::port, HttpConfig::withoutToken, HttpConfig::advertisedAddress)
                .containsExactly(8080, Role.ANYONE, "guard-0.guard-peers:8080");
        assertThat(GuardConfig.read(DEPLOY.resolve("compose-guard.yaml")).bootstrapServers())
                .isEqualTo("kafka:9092");
    }
}
