package io.instabilityguard.guard.view.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.instabilityguard.guard.feed.FeedState;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.guard.policy.PolicyRow;
import io.instabilityguard.guard.policy.Secret;
import io.instabilityguard.guard.view.access.Principal;
import io.instabilityguard.guard.view.access.Role;
import io.instabilityguard.guard.view.access.Tokens;
import io.instabilityguard.guard.view.board.Fleet;
import io.instabilityguard.schemas.OperatorAction;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** A server on a free port with a fleet that the test fills and actions that the test reads. */
final class RunningServer implements AutoCloseable {

    static final String OPERATOR = "operators-token";
    static final String VIEWER = "viewers-token";
    static final String PEER = "peers-token";

    private static final ObjectMapper JSON = new ObjectMapper();

    final Fleet fleet = new Fleet(100, 10_000_000);
    final List<OperatorAction> actions = new ArrayList<>();
    final PolicyBook policies = new PolicyBook(PolicyReader.defaults(), null);
    Optional<String> refusal = Optional.empty();
    WatchSource watches = WatchSource.NONE;
    FeedState feed = FeedState.LIVE;
    private final ViewServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    RunningServer(Tokens tokens) throws IOException {
        Sources sources = new Sources(
                fleet,
                policies,
                PolicyRow.of("mode: enforce"),
                (run, layer) -> watches.of(run, layer),
                this::send,
                () -> feed,
                () -> "",
                Clock.systemUTC());
        Secret peerToken = new Secret(PEER);
        HttpConfig config = new HttpConfig(
                "127.0.0.1", 0, Set.of(), false, false, tokens, null, peerToken, Duration.ofHours(1), 1_000_000);
        server = new ViewServer(config, sources).start();
    }

    static RunningServer withTokens() throws IOException {
        return new RunningServer(Tokens.NONE
                .with(OPERATOR, new Principal("alice", Role.OPERATOR))
                .with(VIEWER, new Principal("victor", Role.VIEWER)));
    }

    private Optional<String> send(OperatorAction action) {
        actions.add(action);
        return refusal;
    }

    String address() {
        return server.address();
    }

    HttpResponse<String> get(String path, String... headers) {
        return ask("GET", path, "", headers);
    }

    HttpResponse<String> post(String path, String body, String... headers) {
        return ask("POST", path, body, headers);
    }

    HttpResponse<String> ask(String method, String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server.address() + path))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            return client.send(request.build(), BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The lines of an answer that does not end. */
    Stream<String> lines(String path, String... headers) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(server.address() + path))
                .headers(headers)
                .build();
        return client.send(request, BodyHandlers.ofLines()).body();
    }

    static JsonNode json(HttpResponse<String> response) {
        try {
            return JSON.readTree(response.body());
        } catch (IOException e) {
            throw new IllegalStateException(response.body(), e);
        }
    }

    static String bearer(String token) {
        return "Bearer " + token;
    }

    @Override
    public void close() {
        server.close();
    }
}
