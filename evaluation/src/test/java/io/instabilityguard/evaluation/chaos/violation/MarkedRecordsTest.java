package io.instabilityguard.evaluation.chaos.violation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MarkedRecordsTest {
    private final MarkedRecords records = new MarkedRecords();

    @Test
    void shouldFindNothingWhenWhatWasAcknowledgedIsThere() {
        records.enter(List.of(message("a", 3), message("b", 4), message("", 5), message("", 6)));
        assertThat(records.compare(List.of(acknowledged("a", 3), acknowledged("b", -1))))
                .isEmpty();
    }

    @Test
    void shouldFindAnAcknowledgedRecordThatIsNotThere() {
        records.enter(List.of(message("a", 3)));
        assertThat(records.compare(List.of(acknowledged("lost", 4))))
                .singleElement()
                .extracting(Violation::text)
                .asString()
                .contains("lost")
                .endsWith("is not there");
    }

    @Test
    void shouldFindAnotherRecordInThePlaceOfAnAcknowledgedOne() {
        records.enter(List.of(message("a", 3)));
        assertThat(records.compare(List.of(acknowledged("a", 2))))
                .singleElement()
                .extracting(Violation::text)
                .asString()
                .endsWith("lies at 0@3");
    }

    @Test
    void shouldFindARecordThatWasWrittenTwice() {
        records.enter(List.of(message("a", 3), message("a", 4)));
        assertThat(records.compare(List.of()))
                .singleElement()
                .extracting(Violation::text)
                .isEqualTo("one record was written twice, at 0@3 and 0@4");
    }

    private static Message<String> message(String mark, long offset) {
        return new Message<>(0, offset, mark, "run", new byte[0], "value");
    }

    private static Acknowledgement acknowledged(String mark, long offset) {
        return new Acknowledgement(mark, "topic", 0, offset);
    }
}
