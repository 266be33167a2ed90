package io.instabilityguard.evaluation.bench;

import io.instabilityguard.evaluation.history.Percentiles;
import io.instabilityguard.evaluation.history.RunListener;
import io.instabilityguard.evaluation.history.RunObserver;
import io.instabilityguard.guard.progress.Progress;
import io.instabilityguard.schemas.RecordSerdes;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * The loop's latency: telemetry of 224 matrices is sent at random moments (Poisson arrivals, so that no commit interval
 * can hide behind an even rhythm), and the guard's answer is read read-committed. Every step asks for a decision, which
 * the guard commits at once as it does a command: the same records, transaction and path.
 */
final class LatencyBenchmark {
    private static final double ARRIVALS_PER_SECOND = 20;
    private static final double WARM_UP_ARRIVALS_PER_SECOND = 50;
    private static final int WARM_UP = 1_000;
    private static final int MEASURED = 400;
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(10);
    private static final String RUN = "bench-latency";

    private final Random random = new Random(20261121);
    private final Map<Long, Long> sentNanos = new ConcurrentHashMap<>();
    private final Map<Long, Double> millis = new ConcurrentHashMap<>();
    private final Progress progress;

    private LatencyBenchmark(Progress progress) {
        this.progress = progress;
    }

    /** Runs against a guard on this broker, once the JVMs are warm; about a minute. */
    static Measurement run(String bootstrapServers, boolean isShown) {
        try (Progress progress = Progress.of("steps", WARM_UP + MEASURED, isShown)) {
            return new LatencyBenchmark(progress).measure(bootstrapServers);
        }
    }

    /** Latencies in milliseconds, and how many steps were never answered. */
    record Measurement(Percentiles millis, int unanswered) {}

    private Measurement measure(String bootstrapServers) {
        try (RunObserver observer = RunObserver.start(bootstrapServers);
                KafkaProducer<String, StepTelemetry> producer = producer(bootstrapServers)) {
            observer.add(new Answers());
            SyntheticRun run = new SyntheticRun(RUN, System.currentTimeMillis(), random);
            send(producer, run, 0, WARM_UP, WARM_UP_ARRIVALS_PER_SECOND);
            awaitAnswer(WARM_UP - 1); // a cold guard has caught up before anything counts
            send(producer, run, WARM_UP, WARM_UP + MEASURED, ARRIVALS_PER_SECOND);
            awaitAnswer(WARM_UP + MEASURED - 1);
        }
        List<Double> measured = millis.entrySet().stream()
                .filter(answer -> answer.getKey() >= WARM_UP)
                .map(Map.Entry::getValue)
                .toList();
        return new Measurement(Percentiles.of(measured), MEASURED - measured.size());
    }

    private void awaitAnswer(long step) {
        long deadline = System.nanoTime() + LAST_ANSWERS.toNanos();
        while (!millis.containsKey(step) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(POLL.toNanos());
        }
    }

    private void send(
            KafkaProducer<String, StepTelemetry> producer, SyntheticRun run, long first, long end, double perSecond) {
        long due = System.nanoTime();
        for (long step = first; step < end; step++) {
            due += (long) (-Math.log(1 - random.nextDouble()) / perSecond * 1e9);
            while (System.nanoTime() < due) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            StepTelemetry telemetry = run.step(step, System.currentTimeMillis());
            sentNanos.put(step, System.nanoTime());
            producer.send(new ProducerRecord<>(Topics.TELEMETRY.name(), RUN, telemetry));
            progress.done(1);
        }
    }

    private static KafkaProducer<String, StepTelemetry> producer(String bootstrapServers) {
        Map<String, Object> settings = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.ACKS_CONFIG,
                "all",
                ProducerConfig.LINGER_MS_CONFIG,
                0);
        return new KafkaProducer<>(
                settings,
                new StringSerializer(),
                RecordSerdes.of(Topics.TELEMETRY, Map.of()).serializer());
    }

    private final class Answers implements RunListener {
        @Override
        public void onState(RunState state, long receivedAtMs) {
            long now = System.nanoTime();
            Long sent = sentNanos.get(state.getLastStep());
            if (sent != null && state.getRun().equals(RUN)) {
                millis.putIfAbsent(state.getLastStep(), (now - sent) / 1e6);
            }
        }
    }
}
