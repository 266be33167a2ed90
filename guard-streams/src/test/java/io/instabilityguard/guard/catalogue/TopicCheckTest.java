package io.instabilityguard.guard.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TopicCheckTest {
    private static final TopicPlan PLAN = TopicPlan.of(3);

    private final Map<String, PresentTopic> present = new HashMap<>();

    TopicCheckTest() {
        Topics.all().forEach(topic -> present.put(topic.name(), as(topic, Map.of())));
    }

    @Test
    void shouldFindNothingWrongWithWhatItWouldCreate() {
        assertThat(TopicCheck.of(PLAN, present)).isEmpty();
    }

    @Test
    void shouldTakeWhatIsSaferThanAsked() {
        present.put(Topics.DECISIONS.name(), as(Topics.DECISIONS, Map.of("retention.ms", "-1")));

        assertThat(TopicCheck.of(PLAN, present)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "min.insync.replicas, 1, at least 2, min.insync.replicas=2",
        "min.insync.replicas, 3, below the replication factor 3, min.insync.replicas=2",
        "min.insync.replicas, '', at least 2, min.insync.replicas=2",
        "unclean.leader.election.enable, true, false, unclean.leader.election.enable=false",
        "cleanup.policy, compact, delete, cleanup.policy=delete",
        "retention.ms, 1000, at least 31536000000, retention.ms=31536000000",
        "max.message.bytes, 1000, at least 1048576, max.message.bytes=1048576"
    })
    void shouldNameASettingAndWhatPutsItRight(String key, String found, String expected, String fix) {
        present.put(Topics.COMMANDS.name(), as(Topics.COMMANDS, Map.of(key, found)));

        assertThat(TopicCheck.of(PLAN, present)).singleElement().satisfies(wrong -> {
            assertThat(wrong.topic()).isEqualTo(Topics.COMMANDS.name());
            assertThat(wrong.setting()).isEqualTo(key);
            assertThat(wrong.found()).isEqualTo(found.isEmpty() ? "not set" : found);
            assertThat(wrong.expected()).startsWith(expected);
            assertThat(wrong.fix()).startsWith("kafka-configs.sh").contains(Topics.COMMANDS.name(), fix);
        });
    }

    @Test
    void shouldNameATopicThatIsMissingOrHasTooFewCopies() {
        present.remove(Topics.RUNS.name());
        PresentTopic single = new PresentTopic(6, 1, PLAN.settings(Topics.ANOMALIES));
        present.put(Topics.ANOMALIES.name(), new PresentTopic(6, 1, with(single.settings(), Map.of())));

        assertThat(TopicCheck.of(PLAN, present))
                .extracting(WrongSetting::topic, WrongSetting::setting, WrongSetting::found)
                .containsExactly(
                        tuple(Topics.ANOMALIES.name(), "replication factor", "1"),
                        tuple(Topics.RUNS.name(), "topic", "missing"));
    }

    @Test
    void shouldWantTelemetryAndOutcomesEquallyManyPartitions() {
        present.put(
                Topics.OUTCOMES.name(),
                new PresentTopic(9, 3, as(Topics.OUTCOMES, Map.of()).settings()));

        assertThat(TopicCheck.of(PLAN, present)).singleElement().satisfies(wrong -> {
            assertThat(wrong.topic()).isEqualTo(Topics.TELEMETRY.name());
            assertThat(wrong.found()).isEqualTo("6");
            assertThat(wrong.fix()).contains("--partitions 9");
        });
    }

    @Test
    void shouldRefuseAPlanThatCannotBeKept() {
        assertThatThrownBy(() -> TopicPlan.of(0))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("--replication-factor");
        assertThatThrownBy(() -> new TopicPlan(3, 4))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("--min-insync-replicas");
        assertThat(TopicPlan.of(1)).isEqualTo(new TopicPlan(1, 1));
    }

    private static PresentTopic as(Topic<?> topic, Map<String, String> changes) {
        return new PresentTopic(6, 3, with(PLAN.settings(topic), changes));
    }

    private static Map<String, String> with(Map<String, String> settings, Map<String, String> changes) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("max.message.bytes", "1048588");
        all.putAll(changes);
        return all;
    }
}
