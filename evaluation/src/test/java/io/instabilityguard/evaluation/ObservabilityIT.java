package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.instabilityguard.evaluation.AllInOneConfig.GuardMode;
import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.evaluation.broker.TopicCreation;
import io.instabilityguard.guard.canary.CanaryMeters;
import io.instabilityguard.guard.canary.CanaryProbe;
import io.instabilityguard.guard.canary.CanaryResult;
import io.instabilityguard.guard.console.ConsoleMain;
import io.instabilityguard.guard.notification.NotificationConfig;
import io.instabilityguard.guard.notification.Notifications;
import io.instabilityguard.schemas.StepTrace;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.sidecar.Sidecar;
import io.instabilityguard.sidecar.SidecarConfig;
import io.instabilityguard.sidecar.metrics.MeteredSidecar;
import io.instabilityguard.sidecar.metrics.MetricsEndpoint;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What guard, sidecar and canary show while they work against a real broker, and whom the guard tells. */
class ObservabilityIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Set<String> PROMETHEUS_OWN = Set.of("up");
    private static final Path FOLDER = Lab.folder();
    private static AllInOne all;
    private static String dashboard;

    @BeforeAll
    static void start() {
        all = AllInOne.start(Lab.in(GuardMode.ENFORCE, FOLDER, Optional.empty()));
        String address = all.serve(0);
        dashboard = address.substring(0, address.indexOf("/#"));
        await().atMost(PATIENCE)
                .until(() -> guardMetrics().lines().anyMatch(line -> line.equals("guard_runs{health=\"OK\"} 0.0")));
    }

    @AfterAll
    static void stop() {
        all.close();
    }

    @Test
    void shouldCountWhatAStepLedToAndShowEveryMetricThatIsAskedFor() throws Exception {
        PrometheusMeterRegistry canary = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        CanaryMeters meters = new CanaryMeters(canary, Duration.ofMinutes(5), Clock.systemUTC());
        try (MetricsEndpoint endpoint =
                        MetricsEndpoint.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                MeteredSidecar metered = new MeteredSidecar(endpoint.registry());
                Sidecar sidecar = new Sidecar(sidecarConfig(), metered).start()) {
            await().atMost(PATIENCE).until(ObservabilityIT::leadsToACommand);
            CanaryResult probed = probe("observed");
            meters.count(probed);

            assertThat(probed.isDetected()).as(probed.reason()).isTrue();
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(guardMetrics())
                            .contains(
                                    "guard_run_health{run=\"observed\"} 2.0",
                                    "guard_run_step{run=\"observed\"} 60.0",
                                    "guard_running 1.0")
                            .containsPattern("guard_commands_total\\{kind=\"SCALE_LEARNING_RATE\"} [1-9]")
                            .containsPattern("guard_command_latency_seconds_count [1-9]")
                            .containsPattern(
                                    "guard_anomalies_total\\{detector=\"gradient-spike\",transition=\"RAISED\"} [1-9]")
                            .containsPattern("guard_decisions_total\\{action=\"COMMAND\"} [1-9]")
                            .containsPattern("guard_runs\\{health=\"ALARM\"} [1-9]")
                            .containsPattern("guard_telemetry_lag_seconds \\d"));
            assertThat(sidecar.socket()).exists();
            assertThat(traces(Topics.COMMANDS)).isSubsetOf(traces(Topics.TELEMETRY));
            check(List.of(
                    guardMetrics(),
                    get("http://127.0.0.1:" + endpoint.port() + "/metrics"),
                    canary.scrape(),
                    notificationMetrics()));
        }
    }

    /** The first probe may be over before the guard has its lease on the run. */
    private static boolean leadsToACommand() {
        return probe("observed").isDetected() && !traces(Topics.COMMANDS).isEmpty();
    }

    /** What a guard shows besides once it has somebody to notify. */
    private static String notificationMetrics() throws IOException {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        HttpServer inbox = inbox(new CopyOnWriteArrayList<>());
        NotificationConfig config = NotificationConfig.read(notifying(inbox), Map.of("SECRET", "shared"));
        try (Notifications notifications = Notifications.start(config, "shown", clients(), Clock.systemUTC())) {
            notifications.bindTo(registry);
            return registry.scrape();
        } finally {
            inbox.stop(0);
        }
    }

    private static void check(List<String> scrapes) throws IOException {
        Set<String> shown = MetricNames.shownBy(scrapes);
        Set<String> recorded = new TreeSet<>();
        Set<String> asked = new TreeSet<>();
        for (JsonNode rule : MonitoringFiles.rules()) {
            recorded.add(rule.path("record").asText());
            asked.addAll(MetricNames.askedBy(rule.get("expr").asText()));
        }
        MonitoringFiles.dashboards()
                .values()
                .forEach(board ->
                        MonitoringFiles.queries(board).forEach(query -> asked.addAll(MetricNames.askedBy(query))));
        asked.removeAll(PROMETHEUS_OWN);
        asked.removeAll(recorded);
        assertThat(asked).hasSizeGreaterThan(30);
        assertThat(shown).containsAll(asked);
    }

    @Test
    void shouldTellEachReceiverOnceHoweverManyGuardsThereAre() throws Exception {
        List<JsonNode> letters = new CopyOnWriteArrayList<>();
        HttpServer inbox = inbox(letters);
        NotificationConfig config = NotificationConfig.read(notifying(inbox), Map.of("SECRET", "shared"));
        try (Notifications first = Notifications.start(config, "told", clients(), Clock.systemUTC());
                Notifications second = Notifications.start(config, "told", clients(), Clock.systemUTC())) {
            assertThat(first).isNotSameAs(second);
            await().atMost(PATIENCE).until(() -> probe("told").isDetected() && !letters.isEmpty());
            long incidents = letters.stream().filter(ObservabilityIT::isRaised).count();
            assertThat(probe("told").isDetected()).isTrue();
            await().atMost(PATIENCE)
                    .until(() ->
                            letters.stream().filter(ObservabilityIT::isRaised).count() >= incidents + 2);
            assertThat(letters)
                    .extracting(letter -> letter.get("id").asText() + " "
                            + letter.get("update").asInt())
                    .doesNotHaveDuplicates();
            assertThat(letters).extracting(letter -> letter.get("run").asText()).containsOnly("told");
        } finally {
            inbox.stop(0);
        }
    }

    private static boolean isRaised(JsonNode letter) {
        return letter.get("status").asText().equals("RAISED");
    }

    @Test
    void shouldSayThatACanaryWasDetectedAndCountItAsNoRun() {
        int status = ConsoleMain.commandLine()
                .execute(
                        "canary",
                        "--once",
                        "--bootstrap-servers",
                        all.endpoints().bootstrapServers());

        assertThat(status).isZero();
        assertThat(guardMetrics()).doesNotContain("guard-canary");
    }

    @Test
    void shouldMissACanaryThatNoGuardHears() {
        try (EmbeddedBroker alone = EmbeddedBroker.start(Lab.folder(), EmbeddedBroker.ANY_PORT)) {
            TopicCreation.createMissing(alone.bootstrapServers());
            int status = ConsoleMain.commandLine()
                    .execute(
                            "canary",
                            "--once",
                            "--patience-seconds",
                            "2",
                            "--bootstrap-servers",
                            alone.bootstrapServers());

            assertThat(status).isEqualTo(1);
        }
    }

    @Test
    void shouldMissACanaryThatNoBrokerTakes() {
        Map<String, Object> nowhere = Map.of("bootstrap.servers", "127.0.0.1:9");

        CanaryResult result = new CanaryProbe(nowhere, "guard-canary", Clock.systemUTC()).probe(Duration.ofSeconds(1));

        assertThat(result.isDetected()).isFalse();
        assertThat(result.reason()).contains("brokers");
    }

    private static Set<String> traces(Topic<?> topic) {
        return TopicRecords.of(all.endpoints().bootstrapServers(), topic).stream()
                .filter(record -> record.key().equals("observed"))
                .map(record ->
                        new String(record.headers().lastHeader(StepTrace.HEADER).value(), StandardCharsets.US_ASCII))
                .collect(Collectors.toSet());
    }

    private static CanaryResult probe(String run) {
        return new CanaryProbe(clients(), run, Clock.systemUTC()).probe(PATIENCE);
    }

    private static Map<String, Object> clients() {
        return Map.of("bootstrap.servers", all.endpoints().bootstrapServers());
    }

    private static SidecarConfig sidecarConfig() {
        return SidecarConfig.of(Map.of(
                "socket", FOLDER.resolve("second.sock").toString(),
                "state.folder", FOLDER.resolve("second").toString(),
                "bootstrap.servers", all.endpoints().bootstrapServers()));
    }

    private static HttpServer inbox(List<JsonNode> letters) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            letters.add(new ObjectMapper().readTree(exchange.getRequestBody().readAllBytes()));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
        return server;
    }

    private static Path notifying(HttpServer inbox) throws IOException {
        return Files.writeString(
                FOLDER.resolve("notifying.yaml"),
                "notifications: {webhook: {secret-env: SECRET, url: 'http://127.0.0.1:"
                        + inbox.getAddress().getPort() + "/'}}",
                StandardCharsets.UTF_8);
    }

    private static String guardMetrics() {
        return get(dashboard + "/metrics");
    }

    private static String get(String url) {
        try {
            return HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new IllegalStateException(url, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(url, e);
        }
    }
}
