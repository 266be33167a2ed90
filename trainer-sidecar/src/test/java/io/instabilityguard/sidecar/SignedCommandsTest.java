package io.instabilityguard.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.instabilityguard.schemas.Evidence;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.KeyPairFiles;
import io.instabilityguard.schemas.signature.RecordSignature;
import io.instabilityguard.schemas.signature.SigningSerializer;
import io.instabilityguard.sidecar.command.CommandConsumer;
import io.instabilityguard.sidecar.command.CommandVerification;
import io.instabilityguard.sidecar.frame.HookMessage;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import io.instabilityguard.sidecar.report.SidecarClock;
import io.instabilityguard.sidecar.report.SidecarMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A sidecar that was given public keys, from the bytes of the topic to what the hook and the guard are told. */
@Timeout(60)
class SignedCommandsTest extends SidecarFixture {
    private static final String TOPIC = Topics.COMMANDS.name();

    private final MockConsumer<String, byte[]> kafka = new MockConsumer<>("earliest");
    private final List<String> refusals = new CopyOnWriteArrayList<>();
    private final AtomicLong now = new AtomicLong();
    private CommandConsumer consumer;
    private KeyPairFiles keys;
    private StagedHook hook;
    private long offset;

    @BeforeEach
    void connect() throws Exception {
        keys = KeyPairFiles.create(folder.resolve("keys"), Optional.of("current"));
        hook = attach(UnaryOperator.identity());
        for (String topic : List.of(TOPIC, Topics.RUNS.name())) {
            kafka.updatePartitions(
                    topic, List.of(new PartitionInfo(topic, 0, Node.noNode(), new Node[0], new Node[0])));
            kafka.updateBeginningOffsets(Map.of(new TopicPartition(topic, 0), 0L));
            kafka.updateEndOffsets(Map.of(new TopicPartition(topic, 0), 0L));
        }
        SidecarClock clock = new SidecarClock(() -> Instant.ofEpochMilli(now.get()), () -> 0);
        consumer = new CommandConsumer(
                () -> kafka,
                RecordSerdes.of(Map.of()),
                CommandVerification.by(List.of(folder.resolve("keys")), clock),
                new SidecarMetrics() {
                    @Override
                    public void commandRefused(String cause) {
                        refusals.add(cause);
                    }
                },
                clock);
        consumer.start(source.guard);
        await().until(() -> kafka.assignment().size() == 2);
    }

    @AfterEach
    void disconnect() throws IOException {
        consumer.close();
        hook.close();
    }

    @Test
    void shouldCarryOutWhatTheGuardSigned() throws Exception {
        send(Signed.by(keys, "c"));

        assertThat(hook.wire.next(SidecarMessage.Command.class).id()).isEqualTo("c");
        assertThat(refusals).isEmpty();
    }

    @Test
    void shouldRefuseAnUnsignedCommand() throws Exception {
        send(new Signed("run-1", Signed.by(keys, "c").value(), new RecordHeaders()));

        assertRefused("UNSIGNED", "not signed");
    }

    @Test
    void shouldRefuseAnAlteredCommand() throws Exception {
        Signed command = Signed.by(keys, "c");
        command.value()[command.value().length - 1] ^= 1;
        send(command);

        assertRefused("ALTERED", "altered");
    }

    @Test
    void shouldRefuseACommandThatWasMovedToAnotherRun() throws Exception {
        Signed elsewhere = Signed.by(keys, command("c", "run-2", 5));
        send(new Signed("run-1", elsewhere.value(), elsewhere.headers()));

        assertRefused("ALTERED", "moved to another key");
    }

    @Test
    void shouldRefuseACommandOfAnUnknownKey() throws Exception {
        send(Signed.by(KeyPairFiles.create(folder.resolve("others"), Optional.of("other")), "c"));

        assertRefused("UNKNOWN_KEY", "not trusted");
    }

    @Test
    void shouldNotDecodeWhatItDoesNotBelieve() throws Exception {
        send(new Signed("run-1", new byte[] {1, 2, 3}, new RecordHeaders()));

        assertRefused("UNSIGNED", "not signed");
    }

    @Test
    void shouldApplyATrueCommandWhoseIdAForgerUsedBefore() throws Exception {
        send(new Signed("run-1", Signed.by(keys, "c").value(), new RecordHeaders()));
        send(Signed.by(keys, "c"));

        assertThat(hook.wire.next(SidecarMessage.Command.class).id()).isEqualTo("c");
        assertThat(onlyOutcome().getCommandId()).isEqualTo("unverified/0/0");
    }

    @Test
    void shouldApplyAReplayedCommandOnce() throws Exception {
        send(Signed.by(keys, "c"));
        send(Signed.by(keys, "c"));

        assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.DUPLICATE);
        hook.wire.next(SidecarMessage.Command.class);
        send(Signed.by(keys, "d"));
        assertThat(hook.wire.next(SidecarMessage.Command.class).id()).isEqualTo("d");
    }

    @Test
    void shouldRefuseASignedCommandOfAnEarlierGeneration() {
        send(Signed.by(keys, command("c", "run-1", 4)));

        assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.VOID);
    }

    @Test
    void shouldRefuseASignedCommandThatHasExpired() throws Exception {
        hook.send(new HookMessage.Bye(21));
        hook.close();
        hook = attach(5, hello -> hello.step(21));
        send(Signed.by(keys, "c"));

        assertThat(onlyOutcome().getStatus()).isEqualTo(OutcomeStatus.EXPIRED);
    }

    @Test
    void shouldTellARefusalOnceHoweverOftenTheTopicIsReadAgain() throws Exception {
        Signed unsigned = new Signed("run-1", new byte[] {1}, new RecordHeaders());
        send(unsigned);
        offset = 0;
        send(unsigned);
        send(Signed.by(keys, "c"));

        hook.wire.next(SidecarMessage.Command.class);
        assertRefused("UNSIGNED", "not signed");
    }

    @Test
    void shouldTakeNewKeysAndDropOldOnesWithoutARestart() throws Exception {
        KeyPairFiles next = KeyPairFiles.create(folder.resolve("keys"), Optional.of("next"));
        now.addAndGet(6_000);
        send(Signed.by(next, "c"));
        assertThat(hook.wire.next(SidecarMessage.Command.class).id()).isEqualTo("c");

        Files.delete(keys.publicKey());
        now.addAndGet(6_000);
        send(Signed.by(keys, "d"));
        assertRefused("UNKNOWN_KEY", "not trusted");
    }

    @Test
    void shouldKeepTheLastGoodKeysWhileTheyCannotBeRead() throws Exception {
        Files.writeString(folder.resolve("keys").resolve("half.pem"), "-----BEGIN PUB");
        now.addAndGet(6_000);
        send(Signed.by(keys, "c"));

        assertThat(hook.wire.next(SidecarMessage.Command.class).id()).isEqualTo("c");
    }

    @Test
    void shouldNotStartWithoutAnyKeyWhereKeysAreAskedFor() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));

        assertThatThrownBy(() -> CommandVerification.by(List.of(empty), Fakes.clock()))
                .isInstanceOf(IOException.class)
                .hasMessage("there is no *.pem file in [" + empty + "]");
        assertThatThrownBy(() -> new Sidecar(SidecarConfig.of(Map.of("commands.public-keys", empty.toString()))))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("commands.public-keys: there is no");
    }

    private void assertRefused(String cause, String reason) {
        InterventionOutcome outcome = onlyOutcome();
        assertThat(outcome.getStatus()).isEqualTo(OutcomeStatus.REFUSED);
        assertThat(outcome.getReason()).contains(reason);
        assertThat(outcome.getRun()).isEqualTo("run-1");
        assertThat(outcome.getCommandId()).startsWith("unverified/0/");
        assertThat(refusals).containsExactly(cause);
    }

    private void send(Signed command) {
        long at = offset++;
        kafka.schedulePollTask(() -> {
            kafka.seek(new TopicPartition(TOPIC, 0), at);
            kafka.addRecord(new ConsumerRecord<>(
                    TOPIC,
                    0,
                    at,
                    0,
                    TimestampType.CREATE_TIME,
                    0,
                    0,
                    command.key(),
                    command.value(),
                    command.headers(),
                    Optional.empty()));
        });
    }

    private static InterventionCommand command(String id, String run, long generation) {
        return InterventionCommand.newBuilder()
                .setId(id)
                .setRun(run)
                .setGeneration(generation)
                .setKind(InterventionKind.PAUSE)
                .setLayers(List.of())
                .setParameters(Map.of())
                .setDecidedAtStep(10)
                .setApplyAtStep(12)
                .setExpiresAtStep(20)
                .setExpectedEffect("")
                .setPolicyHash("")
                .setAnomalyId("")
                .setEvidence(Evidence.newBuilder()
                        .setDetector("")
                        .setMetric("")
                        .setLayers(List.of())
                        .setValue(0)
                        .setBaseline(0)
                        .setThreshold(0)
                        .setFirstStep(0)
                        .setLastStep(0)
                        .build())
                .setTimestampMs(0)
                .build();
    }

    /** A record of the topic of commands. */
    private record Signed(String key, byte[] value, Headers headers) {
        static Signed by(KeyPairFiles keys, String id) throws IOException {
            return by(keys, command(id, "run-1", 5));
        }

        static Signed by(KeyPairFiles keys, InterventionCommand command) {
            try {
                Headers headers = new RecordHeaders();
                byte[] value = new SigningSerializer<>(
                                RecordSerdes.of(Topics.COMMANDS, Map.of()).serializer(),
                                InterventionCommand::getRun,
                                keys.signingKey())
                        .serialize(TOPIC, headers, command);
                assertThat(headers.lastHeader(RecordSignature.KEY_ID)).isNotNull();
                return new Signed(command.getRun(), value, headers);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
