package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.evaluation.broker.TopicCreation;
import io.instabilityguard.guard.Guard;
import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.policy.PolicyRow;
import io.instabilityguard.guard.view.View;
import io.instabilityguard.guard.view.access.Tokens;
import io.instabilityguard.guard.view.http.HttpConfig;
import io.instabilityguard.guard.view.http.WatchAnswer;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.RecordVerification;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

/** Two guards of one application: each answers for the runs of both, from the stores of the one that watches the run. */
class InstancesIT {
    private static final String RUN = "two-guards";
    private static final int STEPS = 60;
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder = Lab.folder();
    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void shouldAnswerForARunThatTheOtherGuardWatches() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"), EmbeddedBroker.ANY_PORT)) {
            TopicCreation.createMissing(broker.bootstrapServers());
            try (Instance first = new Instance("first", broker.bootstrapServers());
                    Instance second = new Instance("second", broker.bootstrapServers())) {
                send(broker.bootstrapServers());
                await().atMost(PATIENCE).until(() -> isShared(first, second) && step(ask(second, "")) == STEPS - 1);
                Instance owner = first.holdsIt() ? first : second;
                Instance other = first.holdsIt() ? second : first;
                assertThat(other.holdsIt()).isFalse();
                String layer = "?layer=block.0.query.weight";
                assertThat(ask(other, "").body()).isEqualTo(ask(owner, "").body());
                assertThat(ask(other, layer).body()).isEqualTo(ask(owner, layer).body());
                assertThat(JSON.readTree(ask(other, layer).body())
                                .at("/watch/unjudged/0/layer")
                                .asText())
                        .isEqualTo("block.0.query.weight");
                String before = ask(owner, "").body();
                owner.view.close();
                assertTimeoutPreemptively(Duration.ofSeconds(20), () -> assertNotNow(ask(other, "")));
                owner.guard.close();
                await().atMost(PATIENCE).until(other::holdsIt);
                assertThat(ask(other, "").body())
                        .as("restored by the other guard")
                        .isEqualTo(before);
            }
        }
    }

    /** Whether each guard watches one of the two partitions and both know it. */
    private boolean isShared(Instance first, Instance second) throws IOException, InterruptedException {
        return first.guard.isRunning()
                && second.guard.isRunning()
                && first.holdsIt() != second.holdsIt()
                && ask(first, "").statusCode() == 200
                && ask(second, "").statusCode() == 200;
    }

    private static void assertNotNow(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).isPresent();
        assertThat(response.body()).contains("does not answer");
    }

    private static long step(HttpResponse<String> response) throws IOException {
        JsonNode step = JSON.readTree(response.body()).at("/watch/step");
        return step.isMissingNode() ? -1 : step.asLong();
    }

    private HttpResponse<String> ask(Instance instance, String query) throws IOException, InterruptedException {
        URI uri = URI.create(instance.view.address() + "/api/v1/runs/" + RUN + "/watch" + query);
        return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    }

    private static void send(String brokers) {
        try (KafkaProducer<String, StepTelemetry> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", brokers),
                new StringSerializer(),
                RecordSerdes.of(Topics.TELEMETRY, Map.of()).serializer())) {
            for (int step = 0; step < STEPS; step++) {
                StepTelemetry telemetry = StepTelemetry.newBuilder(Records.step(RUN, step, 8 - step / 20f))
                        .setTimestampMs(System.currentTimeMillis())
                        .build();
                producer.send(new ProducerRecord<>(Topics.TELEMETRY.name(), RUN, telemetry));
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** A guard that others can reach. */
    private final class Instance implements AutoCloseable {
        private final Guard guard;
        private final View view;

        Instance(String name, String brokers) throws IOException {
            int port = freePort();
            GuardConfig config = new GuardConfig(
                    brokers,
                    "instability-guard",
                    folder.resolve(name),
                    1,
                    1,
                    null,
                    null,
                    null,
                    null,
                    RecordVerification.NONE,
                    Map.of("client.id", name, "num.standby.replicas", "0"));
            guard = new Guard(config.advertising("127.0.0.1:" + port)).start();
            View.Instance seen = new View.Instance(guard.policies(), PolicyRow.of(""), guard.watches(), null, () -> "");
            view = View.start(HttpConfig.local(port, Tokens.NONE), brokers, Map.of(), seen);
        }

        boolean holdsIt() {
            return guard.watches().of(RUN, "") instanceof WatchAnswer.Here;
        }

        @Override
        public void close() {
            view.close();
            guard.close();
        }
    }
}
