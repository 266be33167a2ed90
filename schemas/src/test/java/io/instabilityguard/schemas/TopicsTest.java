package io.instabilityguard.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TopicsTest {
    @Test
    void shouldListEveryTopicOnce() {
        long declared = Arrays.stream(Topics.class.getFields())
                .filter(field -> Modifier.isStatic(field.getModifiers()))
                .count();

        assertThat(Topics.all()).doesNotHaveDuplicates().hasSize((int) declared);
        assertThat(Topics.all())
                .extracting(Topic::name)
                .doesNotHaveDuplicates()
                .allMatch(name -> name.matches("guard\\.[a-z-]+\\.v[1-9]"));
        assertThat(Topics.all()).extracting(Topic::type).doesNotHaveDuplicates();
    }

    @Test
    void shouldKnowTheSchemaOfItsRecord() {
        assertThat(Topics.TELEMETRY.schema()).isSameAs(StepTelemetry.getClassSchema());
    }

    @Test
    void shouldKeepTheLatestStateOfEachRunForever() {
        assertThat(Topics.RUNS.settings()).isEqualTo(Map.of("cleanup.policy", "compact"));
        assertThat(Topics.TELEMETRY.settings())
                .isEqualTo(Map.of("cleanup.policy", "delete", "retention.ms", "604800000"));
    }

    @Test
    void shouldRefuseATopicThatCannotBe() {
        Duration day = Duration.ofDays(1);

        assertThatThrownBy(() -> new Topic<>("t", RunState.class, 0, false, day))
                .hasMessageContaining("topic t");
        assertThatThrownBy(() -> new Topic<>("t", RunState.class, 1, false, Duration.ZERO))
                .hasMessageContaining("positive retention");
    }
}
