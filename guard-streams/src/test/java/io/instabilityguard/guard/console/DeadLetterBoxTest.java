package io.instabilityguard.guard.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import org.junit.jupiter.api.Test;

final class DeadLetterBoxTest {

    private static final LetterId ID = new LetterId(2, 17);

    private final DeadLetterBox box = new DeadLetterBox();

    @Test
    void shouldAllowALetterToBeRedrivenOnceUnlessAskedAgain() {
        box.add(ID, letter(Topics.TELEMETRY));
        assertThat(box.objection(ID, false)).isEmpty();
        box.add(new LetterId(2, 18), DeadLetterBox.note(ID, "alice", 5));
        assertThat(box.objection(ID, false))
                .contains("letter 2-17 was redriven before (by alice): --again does it all the same");
        assertThat(box.objection(ID, true)).isEmpty();
        assertThat(box.letters()).containsOnlyKeys(ID);
    }

    @Test
    void shouldRefuseWhatOnlyTheGuardWritesAndWhatIsNotThere() {
        box.add(ID, letter(Topics.COMMANDS));
        assertThat(box.objection(ID, true))
                .contains("letter 2-17 comes from guard.commands.v1, which nobody redrives to");
        assertThat(box.objection(new LetterId(0, 0), true).orElseThrow()).startsWith("there is no letter 0-0");
    }

    @Test
    void shouldReadIdsAsItWritesThem() {
        assertThat(LetterId.parse(ID.toString())).isEqualTo(ID);
        assertThatExceptionOfType(PolicyException.class)
                .isThrownBy(() -> LetterId.parse("2:17"))
                .withMessageContaining("such as 2-17");
    }

    private static DeadLetter letter(Topic<?> origin) {
        return DeadLetter.newBuilder()
                .setTopic(origin.name())
                .setPartition(0)
                .setOffset(3)
                .setRecordTimestampMs(1)
                .setStage("deserialization")
                .setCause("it is no Avro")
                .setTimestampMs(1)
                .build();
    }
}
