package io.instabilityguard.guard.view;

import io.instabilityguard.guard.feed.FeedPlan;
import io.instabilityguard.guard.feed.TopicFeed;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.policy.PolicyRow;
import io.instabilityguard.guard.view.board.Fleet;
import io.instabilityguard.guard.view.http.HttpConfig;
import io.instabilityguard.guard.view.http.Sources;
import io.instabilityguard.guard.view.http.ViewServer;
import io.instabilityguard.guard.view.http.WatchSource;
import io.instabilityguard.schemas.Topic;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.signature.SigningKey;
import java.io.IOException;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.CommonClientConfigs;
import org.jspecify.annotations.Nullable;

/**
 * One running dashboard. History comes from the topics, not from the stores of its own process, so that every instance shows every run, whoever owns it, and one that
 * watches no run at all shows them, too. What no topic holds, how the detectors stand now, comes from the stores of the guard that watches the run.
 */
public final class View implements AutoCloseable {

    private static final int MOST_RUNS = 5_000;
    private static final List<Topic<?>> HISTORY = List.of(
            Topics.TELEMETRY, Topics.ANOMALIES, Topics.COMMANDS, Topics.OUTCOMES, Topics.DECISIONS, Topics.SHADOW);

    private final TopicFeed feed;
    private final ActionSender actions;
    private final ViewServer server;

    private View(TopicFeed feed, ActionSender actions, ViewServer server) {
        this.feed = feed;
        this.actions = actions;
        this.server = server;
    }

    /**
     * What it shows besides the topics, and in whose name it writes.
     *
     * @param policies which policy is in force for which run
     * @param rows the policy of the process, key by key
     * @param watches how the detectors stand
     * @param signer signs what operators ask for; null leaves it unsigned
     * @param metrics the process's metrics in Prometheus' text format; empty when there are none
     */
    public record Instance(
            PolicyBook policies,
            List<PolicyRow> rows,
            WatchSource watches,
            @Nullable SigningKey signer,
            Supplier<String> metrics) {}

    /** Serves from now on. Errors: {@link IOException} when the port is taken; it names it. */
    public static View start(HttpConfig config, String bootstrapServers, Map<String, String> kafka, Instance instance)
            throws IOException {
        Map<String, Object> clients = new HashMap<>(kafka);
        clients.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        Clock clock = Clock.systemUTC();
        Fleet fleet = new Fleet(MOST_RUNS, config.historyBytes());
        FeedPlan plan = new FeedPlan("guard-view", List.of(Topics.RUNS), HISTORY, config.history());
        TopicFeed feed = new TopicFeed(plan, clients, new FleetTaker(fleet), clock);
        ActionSender actions = new ActionSender(clients, instance.signer());
        Sources sources = new Sources(
                fleet,
                instance.policies(),
                instance.rows(),
                instance.watches(),
                actions,
                feed::state,
                instance.metrics(),
                clock);
        ViewServer server = new ViewServer(config, sources).start();
        feed.start();
        return new View(feed, actions, server);
    }

    /** Where it is, for a browser on this machine. */
    public String address() {
        return server.address();
    }

    @Override
    public void close() {
        server.close();
        feed.close();
        actions.close();
    }
}
