package io.instabilityguard.evaluation.chaos.violation;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.Topics;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DeadLetterCheckTest {
    private static final String TELEMETRY = Topics.TELEMETRY.name();

    @Test
    void shouldFindNothingWhenPoisonIsSetAsideOnce() {
        assertThat(found(Set.of("0@5", "1@6"), List.of(TELEMETRY + " 0@5"), letter(0, 5), letter(1, 6)))
                .isEmpty();
    }

    @Test
    void shouldFindPoisonThatWasNotSetAside() {
        assertThat(found(Set.of("0@5"), List.of())).containsExactly("poison at 0@5 was not set aside");
    }

    @Test
    void shouldFindPoisonThatWasSetAsideTwice() {
        assertThat(found(Set.of("0@5"), List.of(), letter(0, 5), letter(0, 5)))
                .containsExactly(TELEMETRY + " 0@5 was set aside, once more: cause");
    }

    @Test
    void shouldFindSomethingGoodThatWasSetAside() {
        assertThat(found(Set.of(), List.of(), letter(0, 7))).containsExactly(TELEMETRY + " 0@7 was set aside: cause");
    }

    @Test
    void shouldFindWhatNobodyCanRead() {
        assertThat(found(Set.of(), List.of("guard.commands.v1 0@2")))
                .containsExactly("nobody can read guard.commands.v1 0@2");
    }

    private static List<String> found(Set<String> poison, List<String> unreadable, DeadLetter... letters) {
        return DeadLetterCheck.of(
                        poison,
                        Stream.of(letters)
                                .map(letter -> History.message(0, letter))
                                .toList(),
                        unreadable)
                .stream()
                .map(Violation::text)
                .toList();
    }

    private static DeadLetter letter(int partition, long offset) {
        return DeadLetter.newBuilder()
                .setTopic(TELEMETRY)
                .setPartition(partition)
                .setOffset(offset)
                .setRecordTimestampMs(0)
                .setStage("deserialization")
                .setCause("cause")
                .setTimestampMs(0)
                .build();
    }
}
