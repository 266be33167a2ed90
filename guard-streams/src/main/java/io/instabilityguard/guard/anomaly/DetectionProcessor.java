package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.anomaly.RunEvent.Forgotten;
import io.instabilityguard.guard.anomaly.RunEvent.Silent;
import io.instabilityguard.guard.anomaly.RunEvent.StepInspected;
import io.instabilityguard.guard.policy.Backlog;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.StepTelemetry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * Shows every step to the run's detectors and tells what they say. Watches live on the heap and are rebuilt from the stores at the start, and
 * whenever processing failed half-way, so that the heap is never ahead of the stores. A new policy takes effect between two steps of a run. Once a second it
 * looks for runs gone silent.
 */
@SuppressWarnings("NullAway.Init") // Kafka Streams initialises it before the first record
public final class DetectionProcessor implements Processor<String, StepTelemetry, String, RunEvent> {

    /** Name of the store of snapshots. */
    public static final String SNAPSHOT_STORE = "baseline-store";

    /** Name of the store of steps. */
    public static final String SLOT_STORE = "window-store";

    /** Name of the store of policies. */
    public static final String POLICY_STORE = "policy-store";

    private static final Duration SILENCE_CHECK = Duration.ofSeconds(1);

    private final PolicyBook book;
    private final Map<String, RunWatch> watches = new TreeMap<>();
    private ProcessorContext<String, RunEvent> context;
    private WatchStore store;
    private PolicyStore policies;
    private ArrivalMetrics metrics;

    /** A processor under these policies. */
    public DetectionProcessor(PolicyBook book) {
        this.book = book;
    }

    @Override
    public void init(ProcessorContext<String, RunEvent> newContext) {
        context = newContext;
        policies = new PolicyStore(book, newContext.getStateStore(POLICY_STORE));
        store = new WatchStore(
                policies, newContext.getStateStore(SNAPSHOT_STORE), newContext.getStateStore(SLOT_STORE));
        metrics = new ArrivalMetrics(newContext);
        watches.clear();
        store.runs().forEach(this::reload);
        newContext.schedule(SILENCE_CHECK, PunctuationType.WALL_CLOCK_TIME, this::lookForSilence);
    }

    @Override
    public void process(Record<String, StepTelemetry> record) {
        String run = record.key();
        StepTelemetry telemetry = record.value();
        if (!watches.containsKey(run)) {
            reload(run);
        }
        if (!watches.containsKey(run) && watches.size() >= policies.mostRuns()) {
            metrics.countUnwatched();
            return;
        }
        try {
            StepInspected inspected = inspect(telemetry);
            context.forward(record.withValue(inspected));
        } catch (RuntimeException e) {
            reload(run);
            throw e;
        }
    }

    private StepInspected inspect(StepTelemetry telemetry) {
        RunWatch known = watches.get(telemetry.getRun());
        Arrival arrival = known == null ? Arrival.NEW_GENERATION : known.arrival(telemetry);
        metrics.count(arrival);
        RunWatch watch = arrival == Arrival.NEW_GENERATION || known == null ? fork(telemetry) : known;
        boolean isNew = arrival == Arrival.NEW_GENERATION || arrival == Arrival.NEXT;
        watch = isNew ? underItsPolicy(telemetry.getRun(), watch) : watch;
        long ageMs = context.currentSystemTimeMs() - telemetry.getTimestampMs();
        boolean isStale = watch.policy().backlog().isStale(ageMs);
        List<Reading> readings = isNew ? take(watch, telemetry, isStale) : List.of();
        RecordMetadata metadata = context.recordMetadata().orElseThrow();
        return new StepInspected(
                watch.policy(),
                telemetry,
                arrival,
                readings,
                watch.recentLoss(),
                watch.usualStepMillis(),
                watch.traces(),
                watch.blind(),
                watch.partial(),
                isStale ? "its telemetry is %.0f s old".formatted(ageMs / 1_000.0) : "",
                readings.isEmpty() ? 0 : watch.unseen(),
                watch.lastStep(),
                watch.roster(),
                metadata.partition(),
                metadata.offset());
    }

    private RunWatch fork(StepTelemetry telemetry) {
        Policy policy = policies.of(telemetry.getRun());
        RunWatch watch = new RunWatch(
                policy, telemetry.getGeneration(), new Roster(policy.limits().layers()));
        store.writeSnapshot(telemetry.getRun(), watch);
        watches.put(telemetry.getRun(), watch);
        return watch;
    }

    private RunWatch underItsPolicy(String run, RunWatch watch) {
        Policy inForce = policies.of(run);
        if (inForce.hash().equals(watch.policy().hash())) {
            return watch;
        }
        RunWatch changed = watch.under(inForce);
        store.writeSnapshot(run, changed);
        watches.put(run, changed);
        return changed;
    }

    private List<Reading> take(RunWatch watch, StepTelemetry telemetry, boolean isStale) {
        if (isStale && watch.policy().backlog().handling() == Backlog.Handling.SKIP) {
            watch.pass(telemetry);
            return List.of();
        }
        boolean mustKeep = RunWatch.mustKeep(telemetry);
        if (mustKeep && watch.isSnapshotDue(watch.policy().limits().windowSteps())) {
            store.writeSnapshot(telemetry.getRun(), watch);
            watch.noteSnapshot();
        }
        long number = watch.kept();
        RunWatch.Taken taken = watch.take(telemetry);
        if (mustKeep) {
            store.writeRecord(watch, number, telemetry);
        }
        metrics.count(taken.intake());
        return taken.readings();
    }

    private void reload(String run) {
        store.load(run).ifPresentOrElse(watch -> watches.put(run, watch), () -> watches.remove(run));
    }

    private void lookForSilence(long nowMs) {
        for (Map.Entry<String, RunWatch> entry : List.copyOf(watches.entrySet())) {
            RunWatch watch = entry.getValue();
            long silentMs = watch.lastTimestampMs() < 0 ? 0 : nowMs - watch.lastTimestampMs();
            Policy policy = watch.policy();
            if (silentMs > policy.silence().forgetAfterSeconds() * 1_000) {
                watches.remove(entry.getKey());
                store.forget(entry.getKey());
                context.forward(new Record<>(entry.getKey(), new Forgotten(), nowMs));
            } else if (silentMs > policy.silence().toleratedMs(watch.usualStepMs())) {
                Silent silent = new Silent(policy, silentMs, watch.lastStep(), nowMs);
                context.forward(new Record<>(entry.getKey(), silent, nowMs));
            }
        }
    }
}
