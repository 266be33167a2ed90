package io.instabilityguard.guard.notification;

import static io.instabilityguard.guard.notification.Alarms.anomaly;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Verdict;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real Alertmanager, with the routes under {@code deploy}. */
class AlertmanagerIT {

    private static final Path ROUTES = Path.of("..", "deploy", "alertmanager", "alertmanager.yaml")
            .toAbsolutePath()
            .normalize();

    private final HttpClient client = HttpClient.newHttpClient();
    private final Incidents incidents = new Incidents();

    @TempDir
    private Path folder;

    @Test
    void shouldHoldOneAlertPerIncidentUntilItIsCleared() throws Exception {
        Optional<Path> program = program();
        assumeTrue(program.isPresent(), "no Alertmanager on this machine: install prometheus-alertmanager");
        URI url = URI.create("http://127.0.0.1:" + freePort());
        Process alertmanager = start(program.get(), url);
        try (Delivery delivery = new Delivery(new AlertmanagerReceiver(url, "https://guard.example"), client)) {
            delivery.start();
            await().atMost(Duration.ofSeconds(30)).until(() -> isReady(url));
            tell(delivery, AnomalyTransition.RAISED, AnomalyTransition.ESCALATED);
            await().until(() -> delivery.sent() == 2);

            JsonNode alerts = alerts(url);
            assertThat(alerts).hasSize(1);
            assertThat(alerts.at("/0/labels/run").asText()).isEqualTo(Alarms.RUN);
            assertThat(alerts.at("/0/annotations/summary").asText()).contains("grew worse");
            assertThat(alerts.at("/0/receivers/0/name").asText()).isEqualTo("on-call");

            tell(delivery, AnomalyTransition.CLEARED);
            await().until(() -> alerts(url).isEmpty());

            tell(delivery, Alarms.verdict(Verdict.HARMFUL, 110));
            await().until(() -> alerts(url).size() == 1);
            assertThat(alerts(url).at("/0/annotations/summary").asText()).contains("did harm");
        } finally {
            alertmanager.destroy();
            alertmanager.waitFor();
        }
    }

    private void tell(Delivery delivery, AnomalyTransition... transitions) {
        for (AnomalyTransition transition : transitions) {
            tell(delivery, anomaly(transition, 60));
        }
    }

    private void tell(Delivery delivery, SpecificRecord record) {
        incidents
                .take(record)
                .forEach(update -> delivery.receiver()
                        .tell(update, System.currentTimeMillis())
                        .ifPresent(delivery::offer));
    }

    private Process start(Path program, URI url) throws IOException {
        return new ProcessBuilder(
                        program.toString(),
                        "--config.file=" + ROUTES,
                        "--storage.path=" + folder,
                        "--web.listen-address=" + url.getAuthority(),
                        "--cluster.listen-address=")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
    }

    private boolean isReady(URI url) throws InterruptedException {
        try {
            return get(url.resolve("/-/ready")).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    private JsonNode alerts(URI url) throws IOException, InterruptedException {
        return new ObjectMapper().readTree(get(url.resolve("/api/v2/alerts")).body());
    }

    private HttpResponse<String> get(URI url) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(url).build(), BodyHandlers.ofString());
    }

    private static Optional<Path> program() {
        return Stream.of(System.getenv("PATH").split(":"))
                .flatMap(place ->
                        Stream.of("prometheus-alertmanager", "alertmanager").map(name -> Path.of(place, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
