package io.instabilityguard.guard;

import io.instabilityguard.guard.metrics.GuardMetrics;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.view.http.WatchSource;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running guard: the topology on Kafka Streams. A thread that fails is replaced; the guard ends when it is closed or when a topic that it reads
 * does not exist.
 */
public final class Guard implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Guard.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    private final GuardConfig config;
    private final PolicyBook policies;
    private final KafkaStreams streams;
    private final CountDownLatch ended = new CountDownLatch(1);

    /** Reads the policy and builds the topology; nothing runs yet. Errors: {@link PolicyException}. */
    public Guard(GuardConfig config) {
        this.config = config;
        config.problemOf(config.signer()).ifPresent(problem -> {
            throw new PolicyException(problem);
        });
        policies = config.policies();
        Properties properties = config.streamsProperties();
        Map<String, Object> serdes = new HashMap<>(config.kafka());
        streams = new KafkaStreams(
                GuardTopology.build(policies, serdes, config.signer(), config.operators()), properties);
        streams.setUncaughtExceptionHandler(Guard::answer);
        streams.setStateListener((now, before) -> noteEnd(now));
    }

    /** Starts the threads and returns at once. */
    public Guard start() {
        LOG.info("guard starts in mode {} under policy {}", policy().mode(), policy().hash());
        streams.start();
        return this;
    }

    /** Whether it has its partitions and has restored its state. */
    public boolean isRunning() {
        return streams.state() == KafkaStreams.State.RUNNING;
    }

    /** Its metrics, measured from now on; those of Kafka Streams are there within a minute of the start. The caller closes them. */
    public GuardMetrics metrics() {
        return GuardMetrics.start(
                streams, config.clients(), policy().detectors().keySet(), Clock.systemUTC());
    }

    /** How the detectors of runs stand, of those that it watches itself. */
    public WatchSource watches() {
        return new WatchQueries(streams, policies, config.kafka().get(StreamsConfig.APPLICATION_SERVER_CONFIG));
    }

    /** Which policy is in force for which run. */
    public PolicyBook policies() {
        return policies;
    }

    /** The policy of the process, in force where none from Kafka is. */
    public Policy policy() {
        return policies.base();
    }

    /** Waits until the guard has ended. */
    public void await() throws InterruptedException {
        ended.await();
    }

    /** Stops cleanly, leaving the group so that others take over at once; waits at most 10 seconds. */
    @Override
    public void close() {
        CloseOptions options = CloseOptions.timeout(CLOSE_TIMEOUT)
                .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
        if (!streams.close(options)) {
            LOG.warn(
                    "guard did not stop within {} s; its state is restored at the next start",
                    CLOSE_TIMEOUT.toSeconds());
        }
        ended.countDown();
    }

    private static StreamThreadExceptionResponse answer(Throwable failure) {
        if (failure instanceof MissingSourceTopicException) {
            LOG.error("the guard ends because a topic that it reads does not exist: {}", failure.getMessage());
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        LOG.error("a stream thread failed and is replaced", failure);
        return StreamThreadExceptionResponse.REPLACE_THREAD;
    }

    private void noteEnd(KafkaStreams.State state) {
        if (state == KafkaStreams.State.NOT_RUNNING || state == KafkaStreams.State.ERROR) {
            ended.countDown();
        }
    }
}
