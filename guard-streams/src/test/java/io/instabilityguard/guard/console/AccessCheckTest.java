package io.instabilityguard.guard.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.Topics;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.acl.AclOperation;
import org.junit.jupiter.api.Test;

final class AccessCheckTest {
    private final AccessCheck guard = new AccessCheck("guard", "instability-guard");

    @Test
    void shouldBeContentWithTheLeast() {
        assertThat(guard.topics()).contains(Topics.COMMANDS.name(), Topics.TELEMETRY.name());
        assertThat(guard.diagnosis(least()).isReady()).isTrue();
    }

    @Test
    void shouldNameWhatIsMissingAndWhoAllowsIt() {
        Map<String, Set<AclOperation>> allowed = least();
        allowed.put(Topics.COMMANDS.name(), Set.of(AclOperation.READ));
        assertThat(guard.diagnosis(allowed).finding())
                .isEqualTo("may not WRITE guard.commands.v1 (command; nobody else may)");
        assertThat(guard.diagnosis(allowed).fix()).contains("`guard acls` prints for guard");

        allowed.remove(Topics.LEASES.name());
        assertThat(guard.diagnosis(allowed).finding()).contains("and 2 things more");
    }

    @Test
    void shouldAskLessOfASubscriber() {
        assertThat(new AccessCheck("subscriber", "instability-guard").topics())
                .contains(Topics.COMMANDS.name())
                .doesNotContain(Topics.TELEMETRY.name(), Topics.OPERATOR.name());
    }

    private Map<String, Set<AclOperation>> least() {
        Map<String, Set<AclOperation>> allowed = new HashMap<>();
        guard.rules()
                .forEach(rule -> allowed.merge(
                        rule.name(),
                        Set.of(rule.operation()),
                        (one, other) -> Set.of(AclOperation.READ, AclOperation.WRITE)));
        return allowed;
    }
}
