package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.koopman;
import static io.instabilityguard.guard.Telemetry.layer;
import static io.instabilityguard.guard.Telemetry.mixer;
import static io.instabilityguard.guard.Telemetry.mixing;
import static io.instabilityguard.guard.Telemetry.statistic;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.MatrixRole;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.ResidualMixing;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class DeadLetterTopologyTest {

    private final GuardDriver guard = new GuardDriver(PolicyReader.parse("", Mode.ENFORCE));

    @AfterEach
    void close() {
        guard.close();
    }

    @Test
    void shouldKeepUnreadableBytesWholeAndGoOn() {
        guard.calm(0, 30);
        guard.sendBytes(Topics.TELEMETRY, new byte[] {1, 2, 3});
        guard.sendBytes(Topics.OUTCOMES, new byte[0]);
        guard.calm(30, 60);
        guard.send(Telemetry.spike(60));

        List<DeadLetter> letters = guard.deadLetters();
        assertThat(letters)
                .hasSize(2)
                .allSatisfy(letter -> assertThat(letter.getStage()).isEqualTo("deserialization"));
        assertThat(letters.get(0).getTopic()).isEqualTo(Topics.TELEMETRY.name());
        assertThat(letters.get(0).getOffset()).isEqualTo(30);
        assertThat(letters.get(0).getValue()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
        assertThat(guard.commands()).hasSize(1);
    }

    @ParameterizedTest
    @MethodSource("absurd")
    void shouldSendAbsurdRecordsToTheDeadLettersAndGoOn(StepTelemetry absurd, String cause) {
        guard.calm(0, 3);
        guard.sendAs(Telemetry.RUN, absurd);
        guard.calm(3, 5);

        assertThat(guard.deadLetters()).singleElement().satisfies(letter -> {
            assertThat(letter.getStage()).isEqualTo("validation");
            assertThat(letter.getCause()).contains(cause);
            assertThat(letter.getValue()).isNotNull();
        });
        assertThat(guard.count("next")).isEqualTo(4);
    }

    static Stream<Arguments> absurd() {
        return Stream.of(
                Arguments.of(calm(3).setStep(-1).build(), "step=-1 is below 0"),
                Arguments.of(calm(3).setRun("").build(), "run is not"),
                Arguments.of(calm(3).setRun("../etc").build(), "run is not"),
                Arguments.of(calm(3).setRun("other").build(), "key is not the run: key=run-1 run=other"),
                Arguments.of(calm(3).setGeneration(-5).build(), "generation=-5 is below 0"),
                Arguments.of(calm(3).setProcessRank(1).build(), "processRank=1 is not below worldSize=1"),
                Arguments.of(calm(3).setProcessRank(-1).build(), "processRank=-1"),
                Arguments.of(calm(3).setWorldSize(0).build(), "worldSize=0 is below 1"),
                Arguments.of(calm(3).setGradientNorm(-1).build(), "gradientNorm=-1.0 is negative"),
                Arguments.of(
                        calm(3).setLearningRate(Double.NEGATIVE_INFINITY).build(),
                        "learningRate=-Infinity is negative"),
                Arguments.of(calm(3).setSpectraStep(9).build(), "spectraStep=9 is after step=3"),
                Arguments.of(with(layer("w", MatrixRole.QUERY, -1, 2)), "layer w: frobeniusNorm=-1.0 is negative"),
                Arguments.of(mixing(3, 2, false, 1, 2).build(), "order=2 of total=2"),
                Arguments.of(mixing(3, 2, false, 1, 0, 0).build(), "order=0 twice in one record"),
                Arguments.of(mixing(3, 1, false, 1, 0).setProfilesStep(4).build(), "profilesStep=4 is not"),
                Arguments.of(mixing(3, 1, false, 1, 0).setProfilesStep(-1).build(), "without a profilesStep"),
                Arguments.of(
                        mixed(ResidualMixing.newBuilder(mixer(0, 1, false, 1))
                                .setSize(17)
                                .build()),
                        "size=17"),
                Arguments.of(
                        mixed(ResidualMixing.newBuilder(mixer(0, 1, false, 1))
                                .setSize(2)
                                .build()),
                        "mixed has 1 entries, not 4"),
                Arguments.of(mixed(mixer(0, 2, false, 1), mixer(1, 2, false, 1, 0, 0, 1)), "size or total differs"),
                Arguments.of(
                        calm(3).setProfilesStep(3)
                                .setKoopman(List.of(koopman(1.5, "")))
                                .build(),
                        "nearUnitMass=1.5 is not from 0 to 1"),
                Arguments.of(
                        calm(3).setProfilesStep(3)
                                .setStatistics(List.of(statistic("a", 0, 1), statistic("a", 0, 2)))
                                .build(),
                        "statistic a of blocks.0: twice"),
                Arguments.of(
                        calm(3).setProfilesStep(3)
                                .setStatistics(List.of(statistic("a", 0)))
                                .build(),
                        "values are empty"),
                Arguments.of(with(layer("", MatrixRole.QUERY, 1, 2)), "name is empty"),
                Arguments.of(
                        with(layer("w", MatrixRole.QUERY, 1, 2), layer("w", MatrixRole.QUERY, 1, 2)), "layer w twice"));
    }

    private static StepTelemetry mixed(ResidualMixing... layers) {
        return calm(3).setProfilesStep(3).setMixing(List.of(layers)).build();
    }

    private static StepTelemetry with(io.instabilityguard.schemas.LayerSpectrum... layers) {
        return calm(3).setSpectraStep(3).setLayers(List.of(layers)).build();
    }

    @Test
    void shouldNotCallMeasurementsThatAreNotFiniteAbsurd() {
        guard.send(calm(0).setLoss(Double.NaN)
                .setGradientNorm(Double.POSITIVE_INFINITY)
                .build());
        guard.send(StepTelemetry.newBuilder(with(layer("w", MatrixRole.QUERY, Double.NaN, Double.NaN)))
                .build());
        assertThat(guard.deadLetters()).isEmpty();
        assertThat(guard.anomalies()).isNotEmpty();
    }

    @Test
    void shouldKeepARecordThatANodeFailsOnAndGoOn() {
        try (TopologyTestDriver driver = failing(new IllegalStateException("poison"))) {
            var input = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
            input.pipeInput("run-1", "bad");
            input.pipeInput("run-1", "good");
            assertThat(driver.createOutputTopic("out", new StringDeserializer(), new StringDeserializer())
                            .readValuesToList())
                    .containsExactly("good");
            assertThat(letters(driver)).singleElement().satisfies(letter -> {
                assertThat(letter.getStage()).isEqualTo("fail-on-bad");
                assertThat(letter.getCause()).isEqualTo("IllegalStateException: poison");
                assertThat(letter.getValue())
                        .isEqualTo(ByteBuffer.wrap("bad".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
            });
        }
    }

    @Test
    void shouldGoOnWhenAPunctuatorFails() {
        try (TopologyTestDriver driver = failing(new IllegalStateException("poison"))) {
            driver.advanceWallClockTime(Duration.ofSeconds(2));
            driver.createInputTopic("in", new StringSerializer(), new StringSerializer())
                    .pipeInput("run-1", "good");
            assertThat(driver.createOutputTopic("out", new StringDeserializer(), new StringDeserializer())
                            .readValuesToList())
                    .containsExactly("good");
            assertThat(letters(driver)).isNotEmpty().allSatisfy(letter -> {
                assertThat(letter.getTopic()).isEmpty();
                assertThat(letter.getStage()).isEqualTo("fail-on-bad");
                assertThat(letter.getValue()).isNull();
            });
        }
    }

    @Test
    void shouldGoOnWhenAResultIsTooLargeToBePublished() {
        try (TopologyTestDriver driver = failing(new IllegalStateException("poison"))) {
            var input = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
            input.pipeInput("run-1", "larger than the sink allows");
            input.pipeInput("run-1", "good");
            assertThat(driver.createOutputTopic("out", new StringDeserializer(), new StringDeserializer())
                            .readValuesToList())
                    .containsExactly("good");
            assertThat(letters(driver)).singleElement().satisfies(letter -> {
                assertThat(letter.getTopic()).isEqualTo("in");
                assertThat(letter.getCause()).contains("a value of 27 bytes is too large for out");
            });
        }
    }

    @Test
    void shouldGoOnWhenWhatARunLeavesBehindIsTooLargeToBeStored() {
        try (GuardDriver small =
                new GuardDriver(PolicyReader.parse("", Mode.ENFORCE), Map.of("producer.max.request.size", "5000"))) {
            small.calm(0, 3);
            assertThat(small.deadLetters())
                    .hasSize(3)
                    .allSatisfy(letter -> assertThat(letter.getCause()).contains("is too large for"));
        }
    }

    @Test
    void shouldLeaveOutWhatIsTooLongForALetter() {
        guard.sendBytes(Topics.TELEMETRY, new byte[1_020_000]);
        assertThat(guard.deadLetters()).singleElement().satisfies(letter -> {
            assertThat(letter.getCause()).startsWith("1020005 bytes, too long for a letter; SerializationException");
            assertThat(letter.getValue()).isNull();
        });
    }

    @Test
    void shouldWatchARunAnewWhoseStoredBaselinesAreTorn() {
        guard.calm(0, 60);
        guard.put(DetectionProcessor.SNAPSHOT_STORE, Telemetry.RUN, new byte[] {0, 0, 0, 4, 0, 1, 'h'});
        try (GuardDriver next = new GuardDriver(PolicyReader.parse("", Mode.ENFORCE))) {
            next.restoreFrom(guard);
            next.calm(60, 62);
            assertThat(next.deadLetters()).isEmpty();
            assertThat(next.count("new-generation")).isEqualTo(1);
        }
    }

    private static List<DeadLetter> letters(TopologyTestDriver driver) {
        return driver.createOutputTopic(
                        Topics.DEAD_LETTERS.name(),
                        new StringDeserializer(),
                        RecordSerdes.of(Topics.DEAD_LETTERS, Map.of()).deserializer())
                .readValuesToList();
    }

    @Test
    void shouldStopOnABadMomentRatherThanLoseTheRecord() {
        try (TopologyTestDriver driver = failing(new TimeoutException("broker is away"))) {
            var input = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
            org.assertj.core.api.Assertions.assertThatThrownBy(() -> input.pipeInput("run-1", "bad"))
                    .hasRootCauseInstanceOf(TimeoutException.class);
        }
    }

    private static TopologyTestDriver failing(RuntimeException failure) {
        Topology topology = new Topology()
                .addSource("read", new StringDeserializer(), new StringDeserializer(), "in")
                .addProcessor("fail-on-bad", () -> new FailOnBad(failure), "read")
                .addSink(
                        "write",
                        "out",
                        new StringSerializer(),
                        new BoundedSerializer<>(new StringSerializer(), 10),
                        "fail-on-bad");
        Properties properties = GuardConfig.local("unused:9092").streamsProperties();
        return new TopologyTestDriver(topology, properties);
    }

    private static final class FailOnBad implements Processor<String, String, String, String> {

        private final RuntimeException failure;
        private ProcessorContext<String, String> context;

        FailOnBad(RuntimeException failure) {
            this.failure = failure;
        }

        @Override
        public void init(ProcessorContext<String, String> newContext) {
            context = newContext;
            newContext.schedule(Duration.ofSeconds(1), PunctuationType.WALL_CLOCK_TIME, nowMs -> {
                throw failure;
            });
        }

        @Override
        public void process(Record<String, String> record) {
            if (record.value().equals("bad")) {
                throw failure;
            }
            context.forward(record);
        }
    }
}
