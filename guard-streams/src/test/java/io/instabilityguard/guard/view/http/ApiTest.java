package io.instabilityguard.guard.view.http;

import static io.instabilityguard.guard.view.http.RunningServer.OPERATOR;
import static io.instabilityguard.guard.view.http.RunningServer.bearer;
import static io.instabilityguard.guard.view.http.RunningServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import io.instabilityguard.guard.Telemetry;
import io.instabilityguard.guard.feed.FeedState;
import io.instabilityguard.schemas.Samples;
import io.instabilityguard.schemas.TelemetrySamples;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every answer is what the served description says. */
class ApiTest {

    private static final String RUN = Samples.runState().getRun();
    private static final String OF_RUN = "/runs/" + RUN;

    private RunningServer server;
    private JsonNode description;
    private final Set<String> checked = new TreeSet<>();

    @BeforeEach
    void start() throws IOException {
        server = RunningServer.withTokens();
        server.fleet.take(RUN, Samples.runState());
        server.fleet.take(RUN, TelemetrySamples.telemetry(2));
        server.fleet.take(RUN, Samples.anomaly());
        server.fleet.take(RUN, Samples.command());
        server.fleet.take(RUN, Samples.outcome());
        server.fleet.take(RUN, Samples.decision());
        server.fleet.take("silent", Samples.runState());
        server.watches = (run, layer) -> WatchApiTest.here(layer);
        description = new YAMLMapper().readTree(server.get("/api/openapi.yaml").body());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void shouldAnswerEveryReadAsDescribed() {
        String layer = TelemetrySamples.telemetry(1).getLayers().get(0).getName();
        check("/runs", "/runs");
        check("/runs/{run}", OF_RUN);
        check("/runs/{run}", "/runs/silent");
        check("/runs/{run}/series", OF_RUN + "/series?names=loss,gradientNorm,unheard&since=3");
        check("/runs/{run}/statistics/{metric}", OF_RUN + "/statistics/stableRank");
        check("/runs/{run}/layer", OF_RUN + "/layer?name=" + URLEncoder.encode(layer, StandardCharsets.UTF_8));
        check("/runs/{run}/koopman", OF_RUN + "/koopman");
        check("/runs/{run}/entries", OF_RUN + "/entries");
        check("/runs/{run}/watch", OF_RUN + "/watch");
        check("/runs/{run}/watch", OF_RUN + "/watch?layer=blocks.0.attention.query");
        check("/proposals", "/proposals");
        check("/policy", "/policy");
        check("/shadows", "/shadows");
        check("/session", "/session");
        Set<String> described = new TreeSet<>();
        description.get("paths").properties().forEach(path -> {
            if (path.getValue().has("get")) {
                described.add(path.getKey());
            }
        });
        described.remove("/stream");
        assertThat(checked).isEqualTo(described);
    }

    @Test
    void shouldTellOfEveryTypeOfEntry() {
        JsonNode entries = json(get(OF_RUN + "/entries")).get("items");
        assertThat(entries.findValuesAsText("type"))
                .containsExactly("outcome", "command", "decision", "anomaly", "generation");
        JsonNode filtered = json(get(OF_RUN + "/entries?types=anomaly,command&limit=1"));
        assertThat(filtered.get("items").findValuesAsText("type")).containsExactly("command");
        JsonNode next = json(get(OF_RUN + "/entries?types=anomaly,command&limit=1&after="
                + filtered.get("next").asText()));
        assertThat(next.get("items").findValuesAsText("type")).containsExactly("anomaly");
        assertThat(next.get("next").isNull()).isTrue();
    }

    @Test
    void shouldSayNullForWhatIsNoNumber() {
        server.fleet.take(
                RUN,
                Telemetry.calm(1201)
                        .setGeneration(Samples.runState().getGeneration())
                        .setLoss(Double.POSITIVE_INFINITY)
                        .build());
        JsonNode loss = json(get(OF_RUN + "/series?names=loss")).at("/lines/loss/last");
        assertThat(loss).hasSize(2);
        assertThat(loss.get(0).asDouble()).isEqualTo(2.71875);
        assertThat(loss.get(1).isNull()).isTrue();
    }

    @Test
    void shouldShowWhereShadowsAgree() {
        server.fleet.take(RUN, Samples.shadowAgreement());
        JsonNode shadow = json(get("/shadows")).at("/items/0");
        assertThat(shadow.get("run").asText()).isEqualTo("run-42");
        assertThat(shadow.at("/alarms/onlyShadow").asLong()).isEqualTo(2);
        assertThat(shadow.at("/commands/leadSteps").asLong()).isEqualTo(-2);
        check("/shadows", "/shadows");
    }

    @Test
    void shouldShowWhatRevisionsChangeForWhichRuns() {
        server.policies.enter("*", "mode: enforce");
        JsonNode page = json(get("/policy"));
        assertThat(page.get("mode").asText()).isEqualTo("OBSERVE");
        assertThat(page.at("/revisions/0/pattern").asText()).isEqualTo("*");
        assertThat(page.at("/revisions/0/mode").asText()).isEqualTo("ENFORCE");
        JsonNode change = page.at("/revisions/0/changes/0");
        assertThat(change.get("key").asText()).isEqualTo("mode");
        assertThat(change.get("before").asText()).isEqualTo("\"observe\"");
        assertThat(change.get("after").asText()).isEqualTo("\"enforce\"");
        check("/policy", "/policy");
    }

    @Test
    void shouldNotSendTwiceWhatHasNotChanged() {
        HttpResponse<String> first = get("/policy");
        String tag = first.headers().firstValue("ETag").orElseThrow();
        HttpResponse<String> second =
                server.get("/api/v1/policy", "Authorization", bearer(OPERATOR), "If-None-Match", tag);
        assertThat(second.statusCode()).isEqualTo(304);
        assertThat(second.body()).isEmpty();
    }

    @Test
    void shouldExplainWhatIsWrong() {
        for (String path : List.of(
                "/runs?limit=0",
                "/runs?limit=many",
                "/runs/unheard",
                "/runs/unheard/series",
                "/runs/silent/series",
                OF_RUN + "/statistics/unheard",
                OF_RUN + "/layer?name=unheard",
                OF_RUN + "/entries?types=gossip",
                OF_RUN + "/entries?after=x",
                "/nowhere")) {
            HttpResponse<String> response = get(path);
            assertThat(response.statusCode()).as(path).isIn(400, 404);
            conforms("Problem", response);
        }
        assertThat(server.ask("PUT", "/api/v1/runs", "{}", "Authorization", bearer(OPERATOR))
                        .statusCode())
                .isEqualTo(405);
    }

    @Test
    void shouldRefuseActionsThatMeanNothing() {
        long generation = Samples.runState().getGeneration();
        assertThat(act("no json")).isEqualTo(400);
        assertThat(act("{\"kind\":\"EXPLODE\",\"generation\":%d,\"target\":\"p\"}".formatted(generation)))
                .isEqualTo(400);
        assertThat(act("{\"kind\":\"APPROVE\",\"generation\":%d}".formatted(generation)))
                .isEqualTo(400);
        assertThat(act("{\"kind\":\"SNOOZE\",\"generation\":%d,\"target\":\"p\",\"steps\":0}".formatted(generation)))
                .isEqualTo(400);
        assertThat(act("{\"kind\":\"SEND\",\"generation\":%d,\"target\":\"p\"}".formatted(generation)))
                .isEqualTo(400);
        assertThat(act("{\"kind\":\"DENY\",\"generation\":5,\"target\":\"p\"}")).isEqualTo(409);
        assertThat(server.actions).isEmpty();
        server.refusal = Optional.of("Kafka does not answer");
        assertThat(act("{\"kind\":\"DENY\",\"generation\":%d,\"target\":\"p\"}".formatted(generation)))
                .isEqualTo(503);
    }

    @Test
    void shouldBeReadyOnlyWhileWhatItShowsIsTrue() {
        assertThat(server.get("/readyz").statusCode()).isEqualTo(200);
        server.feed = FeedState.DISCONNECTED;
        assertThat(server.get("/readyz").statusCode()).isEqualTo(503);
        assertThat(server.get("/healthz").statusCode()).isEqualTo(200);
    }

    @Test
    void shouldTellAtOnceWhichRunsHaveChanged() {
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            Iterator<String> told = server.lines(
                            "/api/v1/stream", "Accept", "text/event-stream", "Authorization", bearer(OPERATOR))
                    .filter(line -> line.startsWith("data: "))
                    .map(line -> line.substring("data: ".length()))
                    .iterator();
            conforms("Change", told.next());
            server.fleet.take("another", Samples.runState());
            String change = told.next();
            while (!change.contains("another")) {
                change = told.next();
            }
            conforms("Change", change);
        });
    }

    private int act(String body) {
        HttpResponse<String> response =
                server.post("/api/v1" + OF_RUN + "/actions", body, "Authorization", bearer(OPERATOR));
        conforms("Problem", response);
        return response.statusCode();
    }

    private void check(String template, String path) {
        checked.add(template);
        HttpResponse<String> response = get(path);
        assertThat(response.statusCode()).as(path).isEqualTo(200);
        String schema = description
                .at("/paths/" + template.replace("/", "~1")
                        + "/get/responses/200/content/application~1json/schema/$ref")
                .asText();
        conforms(schema.substring(schema.lastIndexOf('/') + 1), response);
    }

    private void conforms(String schema, HttpResponse<String> response) {
        conforms(schema, response.body());
    }

    private void conforms(String schema, String json) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.set("components", description.get("components"));
        root.put("$ref", "#/components/schemas/" + schema);
        JsonSchema checker =
                JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(root);
        assertThat(checker.validate(json, InputFormat.JSON)).as(json).isEmpty();
    }

    private HttpResponse<String> get(String path) {
        return server.get("/api/v1" + path, "Authorization", bearer(OPERATOR));
    }
}
