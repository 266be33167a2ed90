package io.instabilityguard.guard.view.http;

import static io.instabilityguard.guard.view.http.RunningServer.PEER;
import static io.instabilityguard.guard.view.http.RunningServer.VIEWER;
import static io.instabilityguard.guard.view.http.RunningServer.bearer;
import static io.instabilityguard.guard.view.http.RunningServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.instabilityguard.guard.Telemetry;
import io.instabilityguard.guard.anomaly.StoredWatches;
import io.instabilityguard.guard.intervention.InterventionReport;
import io.instabilityguard.guard.policy.PolicyReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two servers: one holds a run's detectors, the other is asked. */
class WatchApiTest {

    private static final String PATH = "/api/v1/runs/run-1/watch";

    private RunningServer owner;
    private RunningServer asked;

    /** A real answer. */
    static WatchAnswer here(String layer) {
        var policy = PolicyReader.defaults();
        var steps = LongStream.range(0, 50)
                .mapToObj(step -> Telemetry.sampled(step, 1, 1).build())
                .toList();
        var report = StoredWatches.report(policy, steps, layer);
        return new WatchAnswer.Here(report, InterventionReport.of(new byte[0], policy, 1_000, 49, 100));
    }

    @BeforeEach
    void start() throws IOException {
        owner = RunningServer.withTokens();
        asked = RunningServer.withTokens();
        owner.watches = (run, layer) -> here(layer);
        asked.watches = (run, layer) -> at(URI.create(owner.address()).getPort());
    }

    @AfterEach
    void stop() {
        owner.close();
        asked.close();
    }

    private static WatchAnswer at(int port) {
        return new WatchAnswer.At("127.0.0.1", port);
    }

    @Test
    void shouldPassOnWhatItDoesNotHold() {
        for (String path : List.of(PATH, PATH + "?layer=blocks.0.mlp.up")) {
            HttpResponse<String> ours = asked.get(path, "Authorization", bearer(VIEWER));
            assertThat(ours.statusCode()).isEqualTo(200);
            assertThat(ours.body())
                    .isEqualTo(owner.get(path, "Authorization", bearer(VIEWER)).body());
        }
        assertThat(json(asked.get(PATH + "?layer=x.y", "Authorization", bearer(VIEWER)))
                        .get("layer")
                        .asText())
                .isEqualTo("x.y");
    }

    @Test
    void shouldAskInItsOwnNameForABrowser() {
        String cookie = asked.post("/api/v1/session", "", "Authorization", bearer(VIEWER))
                .headers()
                .firstValue("Set-Cookie")
                .orElseThrow()
                .split(";", 2)[0];
        assertThat(asked.get(PATH, "Cookie", cookie).statusCode()).isEqualTo(200);
        assertThat(asked.get(PATH).statusCode()).isEqualTo(401);
    }

    @Test
    void shouldOpenNothingElseToPeers() {
        assertThat(owner.get(PATH, "X-Guard-Peer", PEER).statusCode()).isEqualTo(200);
        assertThat(owner.get(PATH, "X-Guard-Peer", "another").statusCode()).isEqualTo(401);
        assertThat(owner.get("/api/v1/runs", "X-Guard-Peer", PEER).statusCode()).isEqualTo(401);
    }

    @Test
    void shouldNotPassOnWhatWasPassedOn() {
        owner.watches = (run, layer) -> at(URI.create(asked.address()).getPort());
        isLater(asked.get(PATH, "Authorization", bearer(VIEWER)), "do not yet agree");
    }

    @Test
    void shouldNotWaitForWhoDoesNotAnswer() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            asked.watches = (run, layer) -> at(silent.getLocalPort());
            assertTimeoutPreemptively(
                    Duration.ofSeconds(30),
                    () -> isLater(asked.get(PATH, "Authorization", bearer(VIEWER)), "does not answer"));
        }
        isLater(asked.get(PATH, "Authorization", bearer(VIEWER)), "does not answer");
    }

    @Test
    void shouldSayWhyThereIsNoAnswer() {
        asked.watches = (run, layer) -> new WatchAnswer.Moving("being moved");
        isLater(asked.get(PATH, "Authorization", bearer(VIEWER)), "being moved");
        asked.watches = (run, layer) -> new WatchAnswer.OutOfReach("set http.advertised-address");
        assertThat(asked.get(PATH, "Authorization", bearer(VIEWER)).statusCode())
                .isEqualTo(421);
        asked.watches = WatchSource.NONE;
        HttpResponse<String> nowhere = asked.get(PATH, "Authorization", bearer(VIEWER));
        assertThat(nowhere.statusCode()).isEqualTo(404);
        assertThat(json(nowhere).get("detail").asText()).startsWith("no detectors in this process");
    }

    @Test
    void shouldNotReadTheStoresForEveryoneWhoLooks() {
        AtomicLong now = new AtomicLong();
        AtomicInteger reads = new AtomicInteger();
        WatchAnswer known = here("");
        WatchSource source = (run, layer) -> {
            reads.incrementAndGet();
            return run.equals("known") ? known : new WatchAnswer.Moving("being moved");
        };
        WatchSource recent = new RecentAnswers(source, () -> Instant.ofEpochMilli(now.get()));
        assertThat(recent.of("known", "")).isSameAs(known);
        now.set(499);
        assertThat(recent.of("known", "")).isSameAs(known);
        assertThat(reads).hasValue(1);
        now.set(500);
        recent.of("known", "");
        recent.of("known", "layer");
        assertThat(reads).hasValue(3);
        recent.of("moving", "");
        recent.of("moving", "");
        assertThat(reads).hasValue(5);
    }

    private static void isLater(HttpResponse<String> response, String reason) {
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).contains("2");
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(json(response).get("detail").asText()).contains(reason);
    }
}
