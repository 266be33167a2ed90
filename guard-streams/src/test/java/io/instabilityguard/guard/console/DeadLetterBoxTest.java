package io.instabilityguard.guard.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.StepTrace;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.RecordSignature;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

final class DeadLetterBoxTest {

    private static final LetterId ID = new LetterId(2, 17);

    private static final Headers NONE = new RecordHeaders();

    private final DeadLetterBox box = new DeadLetterBox();

    @Test
    void shouldAllowALetterToBeRedrivenOnceUnlessAskedAgain() {
        box.add(ID, letter(Topics.TELEMETRY), NONE);
        assertThat(box.objection(ID, false)).isEmpty();
        box.add(new LetterId(2, 18), DeadLetterBox.note(ID, "alice", 5), NONE);
        assertThat(box.objection(ID, false))
                .contains("letter 2-17 was redriven before (by alice): --again does it all the same");
        assertThat(box.objection(ID, true)).isEmpty();
        assertThat(box.letters()).containsOnlyKeys(ID);
    }

    @Test
    void shouldRefuseWhatOnlyTheGuardWritesAndWhatIsNotThere() {
        box.add(ID, letter(Topics.COMMANDS), NONE);
        assertThat(box.objection(ID, true))
                .contains("letter 2-17 comes from guard.commands.v1, which nobody redrives to");
        assertThat(box.objection(new LetterId(0, 0), true).orElseThrow()).startsWith("there is no letter 0-0");
    }

    @Test
    void shouldKeepTheSignatureOfTheRecordAndNothingThatIsTooLong() {
        Headers headers = new RecordHeaders()
                .add(RecordSignature.KEY_ID, new byte[] {1})
                .add(RecordSignature.SIGNATURE, new byte[64])
                .add(StepTrace.HEADER, new byte[100_000])
                .add("other", new byte[] {1});
        box.add(ID, letter(Topics.POLICIES), headers);
        assertThat(box.headers(ID))
                .extracting(Header::key)
                .containsExactly(RecordSignature.KEY_ID, RecordSignature.SIGNATURE);
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
