package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.anomaly.RunEvent.Forgotten;
import io.instabilityguard.guard.anomaly.RunEvent.Silent;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.schemas.StepTelemetry;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * Shows every step to the run's detectors and tells what they say; where a shadow policy is tried, to a second set of detectors, too. Watches live on the heap and are
 * rebuilt from the stores at the start, and whenever processing failed half-way, so that the heap is never ahead of the stores. A new policy takes effect between two
 * steps of a run. Once a second it looks for runs gone silent.
 */
@SuppressWarnings("NullAway.Init") // Kafka Streams initialises it before the first record
public final class DetectionProcessor implements Processor<String, StepTelemetry, String, RunEvent> {

    /** Name of the store of snapshots. */
    public static final String SNAPSHOT_STORE = "baseline-store";

    /** Name of the store of steps. */
    public static final String SLOT_STORE = "window-store";

    /** Name of the store of policies. */
    public static final String POLICY_STORE = "policy-store";

    /** Name of the store of snapshots under shadow policies. */
    public static final String SHADOW_SNAPSHOT_STORE = "shadow-baseline-store";

    /** Name of the store of steps since then. */
    public static final String SHADOW_SLOT_STORE = "shadow-window-store";

    private static final Duration SILENCE_CHECK = Duration.ofSeconds(1);

    private final PolicyBook book;
    private final String next;
    private final String shadow;
    private ProcessorContext<String, RunEvent> context;
    private int mostRuns;
    private Watches watches;
    private Watches shadows;
    private ArrivalMetrics metrics;

    /** A processor under these policies that tells node {@code next}, and of shadow policies node {@code shadow}. */
    public DetectionProcessor(PolicyBook book, String next, String shadow) {
        this.book = book;
        this.next = next;
        this.shadow = shadow;
    }

    @Override
    public void init(ProcessorContext<String, RunEvent> newContext) {
        context = newContext;
        metrics = new ArrivalMetrics(newContext);
        PolicyStore inForce = new PolicyStore(book, book::of, newContext.getStateStore(POLICY_STORE));
        PolicyStore tried = new PolicyStore(
                book, run -> book.shadowOf(run).orElseGet(book::base), newContext.getStateStore(POLICY_STORE));
        mostRuns = inForce.mostRuns();
        watches = new Watches(
                inForce,
                new WatchStore(inForce, newContext.getStateStore(SNAPSHOT_STORE), newContext.getStateStore(SLOT_STORE)),
                metrics::count);
        shadows = new Watches(
                tried,
                new WatchStore(
                        tried,
                        newContext.getStateStore(SHADOW_SNAPSHOT_STORE),
                        newContext.getStateStore(SHADOW_SLOT_STORE)),
                intake -> {});
        newContext.schedule(SILENCE_CHECK, PunctuationType.WALL_CLOCK_TIME, this::lookForSilence);
    }

    @Override
    public void process(Record<String, StepTelemetry> record) {
        String run = record.key();
        if (!watches.contains(run)) {
            watches.reload(run);
        }
        if (!watches.contains(run) && watches.size() >= mostRuns) {
            metrics.countUnwatched();
            return;
        }
        try {
            StepInspected inspected = inspect(watches, record.value());
            metrics.count(inspected.arrival());
            context.forward(record.withValue(inspected), next);
            tryShadow(record);
        } catch (RuntimeException e) {
            watches.reload(run);
            shadows.reload(run);
            throw e;
        }
    }

    /** A shadow begins where the run stands, and decides from the next step on. */
    private void tryShadow(Record<String, StepTelemetry> record) {
        String run = record.key();
        Policy tried = book.shadowOf(run).orElse(null);
        if (tried == null) {
            endShadow(run, record.timestamp());
        } else if (shadows.contains(run)) {
            context.forward(record.withValue(inspect(shadows, record.value())), shadow);
        } else {
            watches.of(run).ifPresent(watch -> shadows.begin(run, watch.under(tried)));
        }
    }

    private void endShadow(String run, long nowMs) {
        if (shadows.contains(run)) {
            shadows.forget(run);
            context.forward(new Record<>(run, new Forgotten(), nowMs), shadow);
        }
    }

    private StepInspected inspect(Watches by, StepTelemetry telemetry) {
        RecordMetadata metadata = context.recordMetadata().orElseThrow();
        long ageMs = context.currentSystemTimeMs() - telemetry.getTimestampMs();
        return by.inspect(telemetry, ageMs, metadata.partition(), metadata.offset());
    }

    private void lookForSilence(long nowMs) {
        for (Map.Entry<String, RunWatch> entry : watches.all()) {
            RunWatch watch = entry.getValue();
            long silentMs = watch.lastTimestampMs() < 0 ? 0 : nowMs - watch.lastTimestampMs();
            Policy policy = watch.policy();
            if (silentMs > policy.silence().forgetAfterSeconds() * 1_000) {
                watches.forget(entry.getKey());
                context.forward(new Record<>(entry.getKey(), new Forgotten(), nowMs), next);
                endShadow(entry.getKey(), nowMs);
            } else if (silentMs > policy.silence().toleratedMs(watch.usualStepMs())) {
                Silent silent = new Silent(policy, silentMs, watch.lastStep(), nowMs);
                context.forward(new Record<>(entry.getKey(), silent, nowMs), next);
            }
        }
    }
}
