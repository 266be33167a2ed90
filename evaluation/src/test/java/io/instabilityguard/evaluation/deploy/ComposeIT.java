package io.instabilityguard.evaluation.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.instabilityguard.evaluation.Lab;
import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.evaluation.process.ChildProcess;
import io.instabilityguard.schemas.FakeSchemaRegistry;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commands of compose.yaml with the configurations that it mounts, as processes of this machine instead of containers. */
@Timeout(180)
class ComposeIT {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private final Path folder = Lab.folder();

    @Test
    void shouldWatchTheDemoTrainer() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"), EmbeddedBroker.ANY_PORT);
                FakeSchemaRegistry registry = FakeSchemaRegistry.start()) {
            int metrics = freePort();
            Map<String, String> places = Map.of(
                    "kafka:9092", broker.bootstrapServers(),
                    "http://registry:8080/apis/ccompat/v7", registry.url(),
                    "0.0.0.0", "127.0.0.1",
                    "port: 8642", "port: " + freePort(),
                    ":9400", ":" + metrics,
                    "/var/lib/instability-guard", folder.resolve("state").toString(),
                    "/run/instability-guard", folder.resolve("run").toString(),
                    "/etc/instability-guard", folder.toString());
            Files.writeString(folder.resolve("guard.yaml"), placed(Deploy.text("compose-guard.yaml"), places));
            Files.writeString(folder.resolve("sidecar.yaml"), placed(Deploy.text("compose-sidecar.yaml"), places));
            try (ChildProcess topics = java("topics", places)) {
                assertThat(topics.start().awaitExit(PATIENCE))
                        .as(topics.lastWords())
                        .isZero();
            }
            try (ChildProcess guard = java("guard", places).start();
                    ChildProcess sidecar = java("sidecar", places).start();
                    ChildProcess trainer = trainer(places).start()) {
                Console console = new Console(broker.bootstrapServers(), registry.url(), folder);
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofSeconds(1))
                        .until(() -> console.says("demo", "runs", "ls"));
                assertThat(registry.subjects()).contains("guard.telemetry.v1-value", "guard.runs.v1-value");
                assertThat(get("http://127.0.0.1:" + metrics + "/metrics")).contains("guard_");
                assertThat(List.of(guard, sidecar, trainer)).allMatch(ChildProcess::isAlive);
            }
        }
    }

    private ChildProcess java(String service, Map<String, String> places) {
        List<String> words = command(service, places);
        assertThat(words.subList(0, 2))
                .as("the class path of the image")
                .first()
                .isEqualTo("-cp");
        return ChildProcess.java(
                service,
                List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                words.get(2),
                words.subList(3, words.size()),
                folder.resolve(service + ".log"));
    }

    private ChildProcess trainer(Map<String, String> places) {
        List<String> words = new ArrayList<>(command("demo", places));
        words.set(0, System.getenv("GUARD_PYTHON"));
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment()
                .putAll(Map.of(
                        "PYTHONPATH",
                        Lab.home().resolve("trainer-sidecar/src/main/python").toString(),
                        "OMP_NUM_THREADS",
                        "1"));
        return ChildProcess.of("demo", builder, folder.resolve("demo.log"));
    }

    private static List<String> command(String service, Map<String, String> places) {
        List<String> words = new ArrayList<>();
        for (JsonNode word : ComposeTest.composition().at("/services/" + service + "/command")) {
            words.add(placed(word.asText(), places));
        }
        return words;
    }

    private static String placed(String text, Map<String, String> places) {
        String placed = text;
        // The longest first: some are the beginning of others.
        for (String place : places.keySet().stream()
                .sorted((one, other) -> other.length() - one.length())
                .toList()) {
            placed = placed.replace(place, places.get(place));
        }
        return placed;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static String get(String url) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString())
                .body();
    }
}
