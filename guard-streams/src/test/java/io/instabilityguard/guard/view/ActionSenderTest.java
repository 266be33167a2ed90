package io.instabilityguard.guard.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.OperatorActionKind;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.KeyPairFiles;
import io.instabilityguard.schemas.signature.PublicKeys;
import io.instabilityguard.schemas.signature.RecordSignature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ActionSenderTest {

    private static final String TOPIC = Topics.OPERATOR.name();

    @TempDir
    private Path folder;

    private final Headers headers = new RecordHeaders();

    @Test
    void shouldSignWhatIsAskedForOnTheDashboardWithTheGuardsKey() throws IOException {
        KeyPairFiles keys = KeyPairFiles.create(folder, Optional.of("guard-1"));
        try (ActionSender sender = new ActionSender(Map.of(), keys.signingKey())) {
            byte[] value = sender.serializer().serialize(TOPIC, headers, approval());
            PublicKeys trusted = PublicKeys.read(List.of(keys.publicKey()));
            assertThat(RecordSignature.problem(trusted, TOPIC, "run-1", value, headers))
                    .isEmpty();
        }
    }

    @Test
    void shouldLeaveItUnsignedWithoutAKey() {
        try (ActionSender sender = new ActionSender(Map.of(), null)) {
            assertThat(sender.serializer().serialize(TOPIC, headers, approval()))
                    .isNotEmpty();
            assertThat(headers).isEmpty();
        }
    }

    private static OperatorAction approval() {
        return OperatorAction.newBuilder()
                .setId("1")
                .setRun("run-1")
                .setGeneration(1)
                .setKind(OperatorActionKind.APPROVE)
                .setOperator("alice")
                .setReason("I looked")
                .setTarget("run-1/1/APPLY_MSIGN/5")
                .setTimestampMs(0)
                .build();
    }
}
