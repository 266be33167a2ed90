package io.instabilityguard.guard.view.http;

import io.instabilityguard.guard.policy.Secret;
import io.instabilityguard.guard.view.access.Role;
import io.javalin.http.BadGatewayResponse;
import io.javalin.http.Context;
import io.javalin.http.Header;
import io.javalin.http.HttpResponseException;
import io.javalin.http.MisdirectedRequestResponse;
import io.javalin.http.ServiceUnavailableResponse;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Passes a question on to the guard that can answer it, once: one that was passed on is not passed on again. It is asked in the name of who asked, if he showed a bearer
 * token. A browser's session is known to one guard only: for it the guards show each other a token of their own, which opens nothing but what may be passed on.
 */
final class Peers {

    /** Proof that another guard asks. */
    static final String TOKEN = "X-Guard-Peer";

    private static final String PASSED_ON = "X-Guard-Passed-On";
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(3);
    private static final String RETRY_SECONDS = "2";
    private static final Set<Integer> REFUSALS = Set.of(401, 403, 421);

    private final @Nullable Secret token;
    private final boolean isOpen;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    Peers(HttpConfig config) {
        token = config.peerToken();
        isOpen = config.withoutToken().includes(Role.VIEWER);
    }

    /** That somebody should ask again soon. */
    static HttpResponseException later(Context context, String reason) {
        context.header(Header.RETRY_AFTER, RETRY_SECONDS);
        return new ServiceUnavailableResponse(reason);
    }

    /** Answers as that guard does, within seconds. */
    void pass(Context context, WatchAnswer.At peer) {
        if (context.header(PASSED_ON) != null) {
            throw later(context, "the run is being moved: the guards do not yet agree who watches it");
        }
        HttpResponse<byte[]> response = ask(context, peer);
        if (REFUSALS.contains(response.statusCode())) {
            throw new BadGatewayResponse("the guard at " + peer.address() + ", which watches this run, refuses ("
                    + response.statusCode() + "): give all guards the same http.tokens and http.peer-token");
        }
        response.headers().firstValue(Header.RETRY_AFTER).ifPresent(wait -> context.header(Header.RETRY_AFTER, wait));
        context.status(response.statusCode()).result(response.body());
        response.headers().firstValue(Header.CONTENT_TYPE).ifPresent(context::contentType);
    }

    private HttpResponse<byte[]> ask(Context context, WatchAnswer.At peer) {
        CompletableFuture<HttpResponse<byte[]>> answer =
                client.sendAsync(request(context, peer), BodyHandlers.ofByteArray());
        try {
            return answer.get(ANSWER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            answer.cancel(true);
            throw later(
                    context,
                    "the guard at " + peer.address() + ", which watches this run, does not answer: if it is gone, "
                            + "another one takes over within seconds");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw later(context, "this guard is stopping");
        }
    }

    private HttpRequest request(Context context, WatchAnswer.At peer) {
        String query = context.queryString();
        URI uri = URI.create(
                "http://" + peer.address() + context.req().getRequestURI() + (query == null ? "" : "?" + query));
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri).timeout(ANSWER_TIMEOUT).header(PASSED_ON, "1");
        @Nullable String authorization = context.header(Header.AUTHORIZATION);
        if (authorization != null && authorization.startsWith(Gate.BEARER)) {
            request.header(Header.AUTHORIZATION, authorization);
        } else if (token != null) {
            request.header(TOKEN, token.value());
        } else if (!isOpen) {
            throw new MisdirectedRequestResponse("the guard at " + peer.address()
                    + " watches this run, and does not know this browser's session: ask it yourself, or give all guards "
                    + "the same http.peer-token-file");
        }
        return request.build();
    }
}
