package io.instabilityguard.evaluation;

import io.instabilityguard.evaluation.broker.EmbeddedBroker;
import io.instabilityguard.evaluation.broker.TopicCreation;
import io.instabilityguard.guard.Guard;
import io.instabilityguard.guard.GuardConfig;
import io.instabilityguard.guard.metrics.GuardMetrics;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.policy.PolicyRow;
import io.instabilityguard.guard.view.View;
import io.instabilityguard.guard.view.access.Principal;
import io.instabilityguard.guard.view.access.Role;
import io.instabilityguard.guard.view.access.TokenHash;
import io.instabilityguard.guard.view.access.Tokens;
import io.instabilityguard.guard.view.http.HttpConfig;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.signature.KeyPairFiles;
import io.instabilityguard.schemas.signature.RecordVerification;
import io.instabilityguard.schemas.signature.SigningKey;
import io.instabilityguard.sidecar.ConfigException;
import io.instabilityguard.sidecar.Sidecar;
import io.instabilityguard.sidecar.SidecarConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Broker, guard and sidecar in one process. They meet on the broker's topics only, as in production; nothing is passed
 * between them in memory. Commands are signed with a key of the data folder, made at the first start.
 */
public final class AllInOne implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(AllInOne.class);

    private static final Duration GUARD_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(20);

    private final Path folder;
    private final Deque<AutoCloseable> running = new ArrayDeque<>();
    private @Nullable Endpoints endpoints;
    private @Nullable Guard guard;
    private @Nullable SigningKey signer;
    private List<PolicyRow> ownPolicy = List.of();

    private AllInOne(Path folder) {
        this.folder = folder;
    }

    /**
     * Starts everything, or nothing.
     *
     * @throws UserError when the configuration is wrong or the machine is not ready
     */
    public static AllInOne start(AllInOneConfig config) {
        AllInOne all = new AllInOne(config.data().toAbsolutePath());
        try {
            all.startParts(config);
            return all;
        } catch (IOException e) {
            all.close();
            throw UserError.environment(String.valueOf(e.getMessage()));
        } catch (PolicyException | ConfigException e) {
            all.close();
            throw UserError.usage(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            all.close();
            throw e;
        }
    }

    private void startParts(AllInOneConfig config) throws IOException {
        DataFolder data = opened(DataFolder.take(folder));
        KeyPairFiles keys = KeyPairFiles.findOrCreate(data.keys(), "guard");
        SigningKey key = keys.signingKey();
        signer = key;
        guardConfig(config, data, "", key).policy(); // a typo shall not cost the wait for a broker
        EmbeddedBroker broker = opened(EmbeddedBroker.start(data.broker(), config.port()));
        TopicCreation.createMissing(broker.bootstrapServers());
        ownPolicy = PolicyRow.read(config.policy().orElse(null)); // now: the file may be gone once endpoints are told
        guard = opened(new Guard(guardConfig(config, data, broker.bootstrapServers(), key)))
                .start();
        awaitRunning(guard);
        Sidecar sidecar = opened(new Sidecar(sidecarConfig(config, data, broker, keys)));
        sidecar.start();
        endpoints = new Endpoints(broker.bootstrapServers(), sidecar.socket().toString());
        endpoints.writeTo(folder);
    }

    private static void awaitRunning(Guard guard) {
        long deadline = System.nanoTime() + GUARD_TIMEOUT.toNanos();
        while (!guard.isRunning()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the guard did not get its partitions within " + GUARD_TIMEOUT);
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
    }

    private static GuardConfig guardConfig(
            AllInOneConfig config, DataFolder data, String bootstrapServers, SigningKey key) {
        Mode pinned = config.mode().map(mode -> Mode.valueOf(mode.name())).orElse(null);
        return new GuardConfig(
                bootstrapServers,
                "instability-guard",
                data.streams(),
                1,
                1,
                config.policy().orElse(null),
                null,
                pinned,
                key,
                RecordVerification.NONE,
                Map.of("num.standby.replicas", "0"));
    }

    private static SidecarConfig sidecarConfig(
            AllInOneConfig config, DataFolder data, EmbeddedBroker broker, KeyPairFiles keys) {
        Map<String, String> settings = new HashMap<>(config.sidecar());
        settings.put("bootstrap.servers", broker.bootstrapServers());
        settings.put("state.folder", data.journal().toString());
        settings.put("commands.public-keys", keys.publicKey().toString());
        config.socket()
                .ifPresent(
                        socket -> settings.put("socket", socket.toAbsolutePath().toString()));
        return SidecarConfig.of(settings);
    }

    /**
     * Serves the dashboard, too.
     *
     * @param port on the loopback interface; 0 takes any free one
     * @return its address, with a token that lets whoever opens it approve; the token ends with the process
     * @throws UserError when the port is busy
     */
    public synchronized String serve(int port) {
        String token = TokenHash.newToken(new SecureRandom());
        HttpConfig http = HttpConfig.local(port, Tokens.NONE.with(token, new Principal("local", Role.OPERATOR)));
        Guard watching = Objects.requireNonNull(guard, "not started");
        GuardMetrics metrics = opened(watching.metrics());
        View.Instance instance =
                new View.Instance(watching.policies(), ownPolicy, watching.watches(), signer, metrics::scrape);
        try {
            View view = opened(View.start(http, endpoints().bootstrapServers(), Map.of(), instance));
            return view.address() + "/#token=" + token;
        } catch (IOException e) {
            throw UserError.environment(String.valueOf(e.getMessage()));
        }
    }

    private <T extends AutoCloseable> T opened(T part) {
        running.push(part);
        return part;
    }

    /** Where it can be reached. */
    public Endpoints endpoints() {
        if (endpoints == null) {
            throw new IllegalStateException("not started");
        }
        return endpoints;
    }

    /** Where its data is. */
    public Path folder() {
        return folder;
    }

    /** Stops everything, the sidecar first; a second call does nothing. */
    @Override
    public synchronized void close() {
        deleteEndpoints();
        while (!running.isEmpty()) {
            try {
                running.pop().close();
            } catch (Exception e) { // AutoCloseable declares it; the others must be closed all the same
                LOGGER.warn("closing: {}", e.getMessage());
            }
        }
    }

    private void deleteEndpoints() {
        try {
            Files.deleteIfExists(Endpoints.file(folder));
        } catch (IOException e) {
            LOGGER.debug("endpoints stay behind", e);
        }
    }
}
