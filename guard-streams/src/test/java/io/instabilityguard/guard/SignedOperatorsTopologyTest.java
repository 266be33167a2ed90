package io.instabilityguard.guard;

import static io.instabilityguard.guard.Operators.ALICE;
import static io.instabilityguard.guard.Operators.claim;
import static io.instabilityguard.guard.Operators.cut;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.LeaseAction;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.KeyPairFiles;
import io.instabilityguard.schemas.signature.PublicKeys;
import io.instabilityguard.schemas.signature.RecordSignature;
import io.instabilityguard.schemas.signature.RecordVerification;
import io.instabilityguard.schemas.signature.SigningKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guard that was given operators' public keys: what they did not sign changes nothing, and nothing of it is lost. */
final class SignedOperatorsTopologyTest {

    private static final String HARD_CUT = "interventions: {cut-learning-rate: {parameters: {factor: 0.25}}}";
    private static final String OBSERVE = "mode: observe";

    @TempDir
    private Path folder;

    private KeyPairFiles own;
    private SigningKey alice;
    private GuardDriver guard;

    @BeforeEach
    void start() throws IOException {
        Path trusted = folder.resolve("trusted");
        own = KeyPairFiles.create(trusted, Optional.of("guard-1"));
        alice = KeyPairFiles.create(trusted, Optional.of("alice")).signingKey();
        RecordVerification operators = RecordVerification.by(List.of(trusted), () -> 0, unreadable -> {});
        guard = new GuardDriver(PolicyReader.parse("", Mode.ENFORCE), own.signingKey(), operators);
    }

    @AfterEach
    void close() {
        guard.close();
    }

    @Test
    void shouldRefuseAnUnsignedPromotionAndKeepTheLastGoodPolicy() {
        guard.signAs(alice).tryOut("*", OBSERVE);
        guard.apply("*", HARD_CUT);
        guard.signAs(null).apply("*", OBSERVE);
        guard.calm(0, 60);
        guard.send(spike(60));

        assertThat(guard.deadLetters()).singleElement().satisfies(letter -> {
            assertThat(letter.getTopic()).isEqualTo(Topics.POLICIES.name());
            assertThat(letter.getStage()).isEqualTo("verification");
            assertThat(letter.getCause()).isEqualTo("it is not signed");
            assertThat(letter.getValue()).isNotNull();
        });
        assertThat(guard.read(Topics.POLICIES_IN_FORCE)).hasSize(2);
        assertThat(guard.commands())
                .singleElement()
                .satisfies(command -> assertThat(command.getParameters()).containsEntry("factor", 0.25));
    }

    @Test
    void shouldPutASignedPromotionInForceAndSignThat() throws IOException {
        guard.calm(0, 60);
        guard.signAs(alice).tryOut("*", OBSERVE);
        guard.apply("*", OBSERVE);
        guard.send(spike(60));

        assertThat(guard.deadLetters()).isEmpty();
        assertThat(guard.commands()).isEmpty();
        assertThat(guard.records(Topics.POLICIES_IN_FORCE))
                .hasSize(2)
                .allSatisfy(record ->
                        assertThat(problemOf(Topics.POLICIES_IN_FORCE, record)).isEmpty());
    }

    @Test
    void shouldWithdrawOnlyWhenThatIsSigned() throws IOException {
        guard.signAs(alice).apply("*", OBSERVE);
        guard.signAs(null).withdraw("*");
        guard.calm(0, 60);
        assertThat(lastState().getMode()).isEqualTo(Mode.OBSERVE);
        assertThat(guard.deadLetters()).singleElement().satisfies(letter -> {
            assertThat(letter.getKey()).isNotNull();
            assertThat(letter.getValue()).isNull();
        });
        guard.signAs(alice).withdraw("*");
        guard.send(spike(60));

        assertThat(guard.commands()).hasSize(1);
        List<TestRecord<String, byte[]>> inForce = guard.records(Topics.POLICIES_IN_FORCE);
        assertThat(inForce.get(1).value()).isNull();
        assertThat(problemOf(Topics.POLICIES_IN_FORCE, inForce.get(1))).isEmpty();
    }

    @Test
    void shouldRefuseWhatOperatorsDidNotSignAndDoWhatTheyDid() throws IOException {
        guard.calm(0, 5);
        SigningKey mallory = KeyPairFiles.create(folder, Optional.of("mallory")).signingKey();
        guard.claim(claim(LeaseAction.TAKE, ALICE));
        guard.signAs(mallory).ask(cut(false).build());
        guard.calm(5, 6);
        assertThat(guard.commands()).isEmpty();
        assertThat(guard.deadLetters())
                .extracting(DeadLetter::getTopic, DeadLetter::getCause)
                .containsExactly(
                        tuple(Topics.LEASES.name(), "it is not signed"),
                        tuple(Topics.OPERATOR.name(), "it is signed with a key that is not trusted here"));

        guard.signAs(alice).claim(claim(LeaseAction.TAKE, ALICE));
        guard.ask(cut(false).build());
        guard.calm(6, 7);
        assertThat(guard.commands())
                .singleElement()
                .satisfies(command -> assertThat(command.getHolder()).isEqualTo(ALICE));
        assertThat(guard.records(Topics.RUNS))
                .as("a state is no claim")
                .allSatisfy(record -> assertThat(record.headers()).isEmpty());
    }

    @Test
    void shouldBelieveItsOwnClaims() throws IOException {
        guard.calm(0, 60);
        guard.send(spike(60));

        assertThat(guard.commands()).hasSize(1);
        assertThat(guard.deadLetters()).isEmpty();
        assertThat(guard.records(Topics.LEASES))
                .singleElement()
                .satisfies(
                        record -> assertThat(problemOf(Topics.LEASES, record)).isEmpty());
    }

    @Test
    void shouldNotBelieveASignedRecordThatWasMoved() {
        guard.signAs(alice).apply("other-*", OBSERVE);
        TestRecord<String, byte[]> moved = signed(Topics.POLICIES, "other-*", new byte[] {1});
        guard.write(Topics.POLICIES, new TestRecord<>("*", moved.value(), moved.headers()));
        guard.write(Topics.OPERATOR, moved);

        assertThat(guard.deadLetters())
                .hasSize(2)
                .extracting(DeadLetter::getCause)
                .allMatch(cause -> cause.contains("moved to another key or topic"));
    }

    @Test
    void shouldNotDecodeWhatItDoesNotBelieveAndKeepTheSignatureOfWhatItCannotDecode() {
        guard.sendBytes(Topics.POLICIES, "*", new byte[] {1, 2, 3});
        guard.write(Topics.POLICIES, signed(Topics.POLICIES, "*", new byte[] {1, 2, 3}));
        guard.signAs(alice).apply("*", "mode: kill");

        List<TestRecord<String, byte[]>> letters = guard.records(Topics.DEAD_LETTERS);
        assertThat(letters)
                .extracting(record ->
                        GuardDriver.decode(Topics.DEAD_LETTERS, record.value()).getStage())
                .containsExactly("verification", "screen-policies", "validation");
        assertThat(letters.get(0).headers()).isEmpty();
        for (TestRecord<String, byte[]> letter : letters.subList(1, 3)) {
            DeadLetter held = GuardDriver.decode(Topics.DEAD_LETTERS, letter.value());
            byte[] value = new byte[held.getValue().remaining()];
            held.getValue().get(value);
            TestRecord<String, byte[]> redriven = new TestRecord<>("*", value, letter.headers());
            assertThat(problemOf(Topics.POLICIES, redriven)).as("redriven").isEmpty();
        }
    }

    @Test
    void shouldTakeAForgedPolicyInForceForNothing() {
        guard.signAs(alice).apply("*", OBSERVE);
        byte[] inForce = guard.bytes(Topics.POLICIES_IN_FORCE).get(0);
        guard.signAs(alice).withdraw("*");
        guard.signAs(null).sendBytes(Topics.POLICIES_IN_FORCE, "*", inForce);
        guard.calm(0, 60);
        guard.send(spike(60));

        assertThat(guard.commands()).hasSize(1);
    }

    private RunState lastState() {
        List<RunState> states = guard.states();
        return states.get(states.size() - 1);
    }

    private TestRecord<String, byte[]> signed(Topic<?> topic, String key, byte[] value) {
        TestRecord<String, byte[]> record = new TestRecord<>(key, value);
        RecordSignature.sign(alice, topic.name(), key, value, record.headers());
        return record;
    }

    private Optional<?> problemOf(Topic<?> topic, TestRecord<String, byte[]> record) {
        try {
            PublicKeys trusted = PublicKeys.read(List.of(folder.resolve("trusted")));
            Headers headers = record.headers();
            return RecordSignature.problem(trusted, topic.name(), record.key(), record.value(), headers);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
