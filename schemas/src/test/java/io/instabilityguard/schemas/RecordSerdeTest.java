package io.instabilityguard.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.avro.SchemaNormalization;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordSerdeTest {
    private static final String TOPIC = Topics.RUNS.name();

    private final Serde<RunState> serde = RecordSerdes.of(Topics.RUNS, Map.of());

    @Test
    void shouldBeginWithTheMarkAndTheFingerprint() {
        byte[] bytes = write(Samples.runState());

        assertThat(HexFormat.of().formatHex(bytes, 0, 2)).isEqualTo("c301");
        assertThat(Arrays.copyOfRange(bytes, 2, 10))
                .isEqualTo(reversed(SchemaNormalization.parsingFingerprint64(Topics.RUNS.schema())));
    }

    @Test
    void shouldReadWhatAvroItselfWrote() throws Exception {
        byte[] bytes = new byte[Samples.runState().toByteBuffer().remaining()];
        Samples.runState().toByteBuffer().get(bytes);

        assertThat(read(bytes)).isEqualTo(Samples.runState());
        assertThat(write(Samples.runState())).isEqualTo(bytes);
    }

    @Test
    void shouldKeepTombstones() {
        assertThat(write(null)).isNull();
        assertThat(read(null)).isNull();
    }

    @Test
    void shouldReadARecordOfTwoHundredLayers() {
        Serde<StepTelemetry> telemetry = RecordSerdes.of(Topics.TELEMETRY, Map.of());
        StepTelemetry step = TelemetrySamples.telemetry(224);

        byte[] bytes = telemetry.serializer().serialize("t", step);
        StepTelemetry read = telemetry.deserializer().deserialize("t", bytes);

        assertThat(read).hasToString(step.toString());
    }

    @Test
    void shouldWriteCleanlyAfterARecordThatCouldNotBeWritten() {
        byte[] good = write(Samples.runState());
        RunState incomplete = new RunState();

        assertThatThrownBy(() -> write(incomplete))
                .isInstanceOf(SerializationException.class)
                .hasMessageContainingAll("guard.runs.v1", "cannot write this RunState");
        assertThat(write(Samples.runState())).isEqualTo(good);
    }

    @Test
    void shouldSayWhatIsWrongWithTheHeader() {
        byte[] good = write(Samples.runState());

        assertUnreadable(new byte[0], "from 0 bytes", "shorter than the header of 10 bytes");
        assertUnreadable(Arrays.copyOf(good, 9), "from 9 bytes", "shorter than the header");
        assertUnreadable("plain text, no Avro".getBytes(), "70 6c 61", "does not begin with c3 01");
        assertUnreadable(with(good, 2, (byte) ~good[2]), "no released schema has the fingerprint", "newer version");
    }

    @Test
    void shouldSayWhatIsWrongWithTheBody() {
        byte[] good = write(Samples.runState());

        assertUnreadable(Arrays.copyOf(good, good.length - 1), "ends 1 bytes too early");
        assertUnreadable(Arrays.copyOf(good, good.length + 3), "3 bytes follow the record");
    }

    @Test
    void shouldRefuseTheRecordOfAnotherTopic() {
        byte[] anomaly = GoldenFiles.encode(Samples.anomaly());

        assertUnreadable(anomaly, "cannot read a RunState", "it holds a io.instabilityguard.schemas.Anomaly");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 10, 17, 100})
    void shouldRefuseEveryTruncation(int missing) {
        byte[] good = write(Samples.runState());

        assertUnreadable(Arrays.copyOf(good, good.length - 1 - missing), "cannot read a RunState");
    }

    @Test
    void shouldReadANewerRelative() throws Exception {
        RunState read =
                new RecordCodec<RunState>(Topics.RUNS.schema()).decode(Evolution.newer(), Evolution.stalledRun(), 0);

        assertThat(read.getHealth()).isEqualTo(Health.UNKNOWN);
        assertThat(read.getMode()).isEqualTo(Mode.ENFORCE);
        assertThat(read.getOpenAnomalies()).isEqualTo(Samples.runState().getOpenAnomalies());
    }

    @Test
    void shouldServeManyThreads() throws Exception {
        Callable<Boolean> roundTrips = () -> {
            for (int i = 0; i < 500; i++) {
                RunState state =
                        RunState.newBuilder(Samples.runState()).setLastStep(i).build();
                if (!state.equals(read(write(state)))) {
                    return false;
                }
            }
            return true;
        };
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Boolean> correct = new ArrayList<>();
            for (Future<Boolean> thread : threads.invokeAll(List.of(roundTrips, roundTrips, roundTrips, roundTrips))) {
                correct.add(thread.get());
            }
            assertThat(correct).containsOnly(true);
        } finally {
            threads.shutdownNow();
        }
    }

    private void assertUnreadable(byte[] bytes, String... says) {
        assertThatThrownBy(() -> read(bytes))
                .isExactlyInstanceOf(SerializationException.class)
                .hasMessageStartingWith("topic " + TOPIC + ": ")
                .hasMessageContainingAll(says);
    }

    private byte[] write(RunState state) {
        return serde.serializer().serialize(TOPIC, state);
    }

    private RunState read(byte[] bytes) {
        return serde.deserializer().deserialize(TOPIC, bytes);
    }

    private static byte[] with(byte[] bytes, int index, byte value) {
        byte[] changed = bytes.clone();
        changed[index] = value;
        return changed;
    }

    private static byte[] reversed(long fingerprint) {
        byte[] bytes = new byte[Long.BYTES];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (fingerprint >>> (8 * i));
        }
        return bytes;
    }
}
