package io.instabilityguard.evaluation.chaos;

import io.instabilityguard.evaluation.chaos.fault.Fault;
import io.instabilityguard.evaluation.chaos.fault.FaultKind;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** Writes telemetry that no sidecar wrote: a run's own once more, as it was or in another order, or poison. */
final class Tampering {
    private static final int MOST_AGAIN = 60;
    private static final Serde<StepTelemetry> SERDE = RecordSerdes.of(Topics.TELEMETRY, Map.of());

    private final String servers;
    private final Fault fault;
    private final Random random;

    /** One fault of one of the three kinds. */
    Tampering(String servers, Fault fault) {
        this.servers = servers;
        this.fault = fault;
        this.random = new Random(fault.choice());
    }

    /**
     * Writes the records.
     *
     * @param telemetry of the run so far
     * @return places of the poison: {@code partition@offset}
     */
    List<String> write(String run, List<byte[]> telemetry) {
        boolean poisonous = fault.kind() == FaultKind.POISON_TELEMETRY;
        List<byte @Nullable []> values = poisonous ? poison(telemetry) : again(telemetry);
        Map<String, Object> settings = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                servers,
                ProducerConfig.ACKS_CONFIG,
                "all",
                ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                2_000);
        try (KafkaProducer<String, byte[]> producer =
                new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
            List<Future<RecordMetadata>> sent = values.stream()
                    .map(value -> producer.send(new ProducerRecord<>(Topics.TELEMETRY.name(), run, value)))
                    .toList();
            List<String> places = new ArrayList<>();
            for (Future<RecordMetadata> each : sent) {
                places.add(each.get().partition() + "@" + each.get().offset());
            }
            return poisonous ? places : List.of();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the topic of telemetry cannot be written", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    private List<byte @Nullable []> again(List<byte[]> telemetry) {
        List<byte @Nullable []> last =
                new ArrayList<>(telemetry.subList(Math.max(0, telemetry.size() - MOST_AGAIN), telemetry.size()));
        if (fault.kind() == FaultKind.REORDERED_TELEMETRY) {
            Collections.shuffle(last, random);
        }
        return last;
    }

    /** Noise, nothing, no value at all, half a record, one of an unknown schema and one that nobody can believe. */
    private List<byte @Nullable []> poison(List<byte[]> telemetry) {
        byte[] noise = new byte[1 + random.nextInt(2_000)];
        random.nextBytes(noise);
        List<byte @Nullable []> poison = new ArrayList<>(Arrays.asList(noise, new byte[0], null));
        if (!telemetry.isEmpty()) {
            byte[] good = telemetry.get(random.nextInt(telemetry.size()));
            byte[] foreign = good.clone();
            foreign[2] ^= 1;
            poison.addAll(List.of(Arrays.copyOf(good, good.length / 2), foreign, absurd(good)));
        }
        return poison;
    }

    private static byte[] absurd(byte[] good) {
        StepTelemetry step = SERDE.deserializer().deserialize(Topics.TELEMETRY.name(), good);
        StepTelemetry absurd = StepTelemetry.newBuilder(step).setStep(-5).build();
        return SERDE.serializer().serialize(Topics.TELEMETRY.name(), absurd);
    }
}
