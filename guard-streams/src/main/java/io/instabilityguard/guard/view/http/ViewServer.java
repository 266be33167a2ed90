package io.instabilityguard.guard.view.http;

import io.instabilityguard.guard.feed.FeedState;
import io.instabilityguard.guard.view.access.Sessions;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Header;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import io.javalin.http.NotFoundResponse;
import io.javalin.http.ServiceUnavailableResponse;
import io.javalin.http.staticfiles.Location;
import io.javalin.util.JavalinBindException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP server of one guard process. It only reads and passes on: nothing waits for it. */
public final class ViewServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ViewServer.class);
    private static final String ASSETS = "/io/instabilityguard/guard/view/assets";
    private static final String API = "/api/v1";
    private static final long MOST_BODY_BYTES = 65_536;

    private final HttpConfig config;
    private final Sources sources;
    private final Gate gate;
    private final LiveStream stream;
    private final Javalin javalin;

    /** Prepares the server; nothing listens yet. */
    public ViewServer(HttpConfig config, Sources sources) {
        this.config = config;
        this.sources = sources;
        gate = new Gate(config, new Sessions(sources.clock(), new SecureRandom()), sources.clock());
        stream = new LiveStream(sources);
        javalin = Javalin.create(this::configure);
    }

    /** Listens from now on. Errors: {@link IOException} that names the port. */
    public ViewServer start() throws IOException {
        try {
            javalin.start(config.address(), config.port());
        } catch (JavalinBindException e) {
            throw new IOException("port " + config.port() + " of " + config.address()
                    + " is busy: stop what listens there, or choose another");
        }
        stream.start();
        return this;
    }

    /** Where it is, for a browser on this machine. */
    public String address() {
        String host = config.address().contains(":") ? "[" + config.address() + "]" : config.address();
        return "http://" + host + ":" + javalin.port();
    }

    private void configure(JavalinConfig javalinConfig) {
        javalinConfig.startup.showJavalinBanner = false;
        javalinConfig.startup.showOldJavalinVersionWarning = false;
        javalinConfig.http.generateEtags = true;
        javalinConfig.http.prefer405over404 = true;
        javalinConfig.http.maxRequestSize = MOST_BODY_BYTES;
        javalinConfig.jetty.modifyHttpConfiguration(http -> http.setSendServerVersion(false));
        javalinConfig.staticFiles.add(files -> {
            files.directory = ASSETS;
            files.location = Location.CLASSPATH;
            files.roles = Set.of(Needs.NOTHING);
            files.headers = Map.of(Header.CACHE_CONTROL, "no-cache");
        });
        routes(javalinConfig.routes);
    }

    private void routes(RoutesConfig routes) {
        Api api = new Api(sources);
        WatchSource recent = new RecentAnswers(sources.watches(), sources.clock());
        WatchApi watches = new WatchApi(recent, new Peers(config));
        OperatorApi operators = new OperatorApi(sources, gate);
        routes.exception(
                HttpResponseException.class,
                (refusal, context) -> Problem.of(refusal).answer(context));
        routes.exception(Exception.class, ViewServer::fail);
        routes.before(gate::admit);
        routes.beforeMatched(gate::check);
        routes.before(API + "/*", context -> context.header(Header.CACHE_CONTROL, "no-cache, private"));

        routes.get(API + "/runs", api::runs, Needs.VIEWER);
        routes.get(API + "/runs/{run}", api::run, Needs.VIEWER);
        routes.get(API + "/runs/{run}/series", api::series, Needs.VIEWER);
        routes.get(API + "/runs/{run}/statistics/{metric}", api::statistic, Needs.VIEWER);
        routes.get(API + "/runs/{run}/layer", api::layer, Needs.VIEWER);
        routes.get(API + "/runs/{run}/koopman", api::koopman, Needs.VIEWER);
        routes.get(API + "/runs/{run}/entries", api::entries, Needs.VIEWER);
        routes.get(API + "/runs/{run}/watch", watches::watch, Needs.VIEWER_OR_PEER);
        routes.post(API + "/runs/{run}/actions", operators::act, Needs.OPERATOR);
        routes.get(API + "/proposals", operators::proposals, Needs.VIEWER);
        routes.get(API + "/policy", operators::policy, Needs.VIEWER);
        routes.get(API + "/shadows", operators::shadows, Needs.VIEWER);
        routes.get(API + "/session", operators::whoAmI, Needs.NOTHING);
        routes.post(API + "/session", operators::signIn, Needs.VIEWER);
        routes.delete(API + "/session", operators::signOut, Needs.NOTHING);
        routes.sse(API + "/stream", stream::accept, Needs.VIEWER);

        routes.get("/api/openapi.yaml", ViewServer::description, Needs.NOTHING);
        routes.get("/healthz", context -> context.result("ok\n"), Needs.NOTHING);
        routes.get("/readyz", this::ready, Needs.NOTHING);
        routes.get("/metrics", this::metrics, Needs.VIEWER);
    }

    private void ready(Context context) {
        FeedState state = sources.feed().get();
        if (state != FeedState.LIVE) {
            throw new ServiceUnavailableResponse("what would be shown is not what the topics say: " + state);
        }
        context.result("ready\n");
    }

    private void metrics(Context context) {
        String metrics = sources.metrics().get();
        if (metrics.isEmpty()) {
            throw new NotFoundResponse("this process has no metrics");
        }
        context.result(metrics).contentType("text/plain; version=0.0.4; charset=utf-8");
    }

    private static void description(Context context) {
        try (InputStream in = ViewServer.class.getResourceAsStream("openapi.yaml")) {
            if (in == null) {
                throw new IllegalStateException("openapi.yaml is not on the class path");
            }
            context.result(in.readAllBytes()).contentType("application/yaml");
        } catch (IOException e) {
            throw new UncheckedIOException("openapi.yaml", e);
        }
    }

    private static void fail(Exception failure, Context context) {
        LOG.warn("{} {} failed", context.method(), context.path(), failure);
        Problem.of(HttpStatus.INTERNAL_SERVER_ERROR, "the server failed; its log says why")
                .answer(context);
    }

    @Override
    public void close() {
        stream.close();
        javalin.stop();
    }
}
