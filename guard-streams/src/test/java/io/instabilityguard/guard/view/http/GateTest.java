package io.instabilityguard.guard.view.http;

import static io.instabilityguard.guard.view.http.RunningServer.OPERATOR;
import static io.instabilityguard.guard.view.http.RunningServer.VIEWER;
import static io.instabilityguard.guard.view.http.RunningServer.bearer;
import static io.instabilityguard.guard.view.http.RunningServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.view.access.Tokens;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.OperatorActionKind;
import io.instabilityguard.schemas.Samples;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who gets in, and what they may do. */
class GateTest {

    private static final String RUN = Samples.runState().getRun();
    private static final String ACTIONS = "/api/v1/runs/" + RUN + "/actions";
    private static final String APPROVAL =
            "{\"kind\":\"APPROVE\",\"generation\":%d,\"target\":\"proposal-1\",\"reason\":\"looks right\"}"
                    .formatted(Samples.runState().getGeneration());

    private RunningServer server;

    @BeforeEach
    void start() throws IOException {
        server = RunningServer.withTokens();
        server.fleet.take(RUN, Samples.runState());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void shouldServeOnlyTheFrameOfPagesToStrangers() {
        assertThat(server.get("/").statusCode()).isEqualTo(200);
        assertThat(server.get("/healthz").body()).isEqualTo("ok\n");
        assertThat(server.get("/api/openapi.yaml").body()).startsWith("openapi: 3.1.0");
        for (String path : new String[] {"/runs", "/runs/" + RUN, "/policy", "/proposals", "/stream"}) {
            HttpResponse<String> response = server.get("/api/v1" + path);
            assertThat(response.statusCode()).as(path).isEqualTo(401);
            assertThat(response.headers().firstValue("WWW-Authenticate")).contains("Bearer");
        }
        assertThat(server.get("/metrics").statusCode()).isEqualTo(401);
        assertThat(server.get("/api/v1/runs", "Authorization", "Bearer guessed").statusCode())
                .isEqualTo(401);
    }

    @Test
    void shouldLetViewersLookAndOperatorsAct() {
        assertThat(server.get("/api/v1/runs", "Authorization", bearer(VIEWER)).statusCode())
                .isEqualTo(200);
        HttpResponse<String> refused = server.post(ACTIONS, APPROVAL, "Authorization", bearer(VIEWER));
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(json(refused).get("detail").asText()).isEqualTo("victor is viewer; this needs operator");
        assertThat(server.actions).isEmpty();

        HttpResponse<String> accepted = server.post(ACTIONS, APPROVAL, "Authorization", bearer(OPERATOR));
        assertThat(accepted.statusCode()).isEqualTo(202);
        assertThat(server.actions).singleElement().satisfies(action -> {
            assertThat(action.getId()).isEqualTo(json(accepted).get("id").asText());
            assertThat(action.getOperator()).isEqualTo("alice");
            assertThat(action.getKind()).isEqualTo(OperatorActionKind.APPROVE);
            assertThat(action.getTarget()).isEqualTo("proposal-1");
            assertThat(action.getReason()).isEqualTo("looks right");
        });
    }

    @Test
    void shouldLetABrowserActOnlyFromItsOwnPages() {
        HttpResponse<String> signedIn = server.post("/api/v1/session", "", "Authorization", bearer(OPERATOR));
        String cookie = signedIn.headers().firstValue("Set-Cookie").orElseThrow();
        assertThat(cookie).contains("HttpOnly").contains("SameSite=Strict").contains("Path=/");
        String session = cookie.substring(0, cookie.indexOf(';'));

        assertThat(server.get("/api/v1/runs", "Cookie", session).statusCode()).isEqualTo(200);
        assertThat(server.post(ACTIONS, APPROVAL, "Cookie", session).statusCode())
                .isEqualTo(403);
        assertThat(server.post(ACTIONS, APPROVAL, "Cookie", session, "X-CSRF-Token", "guessed")
                        .statusCode())
                .isEqualTo(403);
        String csrf = json(signedIn).get("csrfToken").asText();
        assertThat(server.post(ACTIONS, APPROVAL, "Cookie", session, "X-CSRF-Token", csrf)
                        .statusCode())
                .isEqualTo(202);
        assertThat(server.actions).extracting(OperatorAction::getOperator).containsExactly("alice");

        assertThat(server.ask("DELETE", "/api/v1/session", "", "Cookie", session, "X-CSRF-Token", csrf)
                        .statusCode())
                .isEqualTo(204);
        assertThat(server.get("/api/v1/runs", "Cookie", session).statusCode()).isEqualTo(401);
    }

    @Test
    void shouldLetNobodyActWhenThereAreNoTokens() throws IOException {
        try (RunningServer open = new RunningServer(Tokens.NONE)) {
            open.fleet.take(RUN, Samples.runState());
            assertThat(open.get("/api/v1/runs").statusCode()).isEqualTo(200);
            HttpResponse<String> refused = open.post(ACTIONS, APPROVAL);
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(json(refused).get("detail").asText()).contains("`guard token` makes one");
            assertThat(open.actions).isEmpty();
        }
    }

    @Test
    void shouldSendTheSecurityHeadersWithEverything() {
        for (String path : new String[] {"/", "/run.js", "/api/v1/session", "/nowhere"}) {
            assertThat(server.get(path).headers().map())
                    .as(path)
                    .containsKeys("x-content-type-options", "referrer-policy", "x-frame-options")
                    .hasEntrySatisfying(
                            "content-security-policy",
                            values -> assertThat(values)
                                    .singleElement()
                                    .asString()
                                    .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                                    .doesNotContain("unsafe"))
                    .doesNotContainKey("server");
        }
    }

    @Test
    void shouldRefuseToAnswerInTheNameOfAnotherHost() throws IOException {
        URI address = URI.create(server.address());
        try (Socket socket = new Socket(address.getHost(), address.getPort());
                OutputStream out = socket.getOutputStream()) {
            out.write("GET /api/v1/session HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
            String status = new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                    .readLine();
            assertThat(status).startsWith("HTTP/1.1 421");
        }
    }

    @Test
    void shouldSlowDownWhoAsksTooOften() {
        HttpResponse<String> response = server.get("/healthz");
        for (int i = 0; i < 2_000 && response.statusCode() == 200; i++) {
            response = server.get("/healthz");
        }
        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(response.headers().firstValue("Retry-After")).contains("1");
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
    }
}
