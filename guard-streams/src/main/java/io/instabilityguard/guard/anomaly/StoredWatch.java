package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.baseline.Trend;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.telemetry.Arrival;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * What the stores hold of the watch of one run: enough to say, anywhere and at any time, how its detectors stand. Both must have been read while the snapshot was the
 * same.
 *
 * @param run the run
 * @param snapshot its last snapshot
 * @param slots its slots, by key in the store
 */
public record StoredWatch(String run, byte[] snapshot, Map<String, StepTelemetry> slots) {

    /** Readings that a trend rests on. */
    private static final int TREND_READINGS = 20;

    /** Key of the first slot of a run. */
    public static String firstSlot(String run) {
        return WatchStore.firstKey(run);
    }

    /** Key of the last slot that a run can have. */
    public static String lastSlot(String run) {
        return WatchStore.lastKey(run);
    }

    /**
     * How every signal stands at the last step of process rank 0, by the baselines before it; empty when no step was taken in since the snapshot.
     *
     * @param learnedUnder the policy with a hash, if it is known
     * @param otherwise the policy to begin anew under when it is not
     * @param layer the layer asked for; empty for the whole run
     * @throws IllegalArgumentException when the snapshot cannot be read, in one line
     */
    public Optional<WatchReport> report(
            Function<String, Optional<Policy>> learnedUnder, Policy otherwise, String layer) {
        RunWatch now = WatchSnapshot.restore(snapshot, learnedUnder, otherwise);
        RunWatch before = WatchSnapshot.restore(snapshot, learnedUnder, otherwise);
        LongFunction<@Nullable StepTelemetry> records = number -> slots.get(WatchStore.slot(run, now, number));
        long first = now.kept();
        replay(now, records, Long.MAX_VALUE);
        long last = LongStream.iterate(now.kept() - 1, number -> number >= first, number -> number - 1)
                .filter(number -> isOfRankZero(records.apply(number)))
                .findFirst()
                .orElse(-1);
        StepTelemetry step = last < 0 ? null : records.apply(last);
        if (step == null) {
            return Optional.empty();
        }
        replay(before, records, last);
        ReportScope scope = new ReportScope(
                layer,
                before.roster(),
                trends(before, records, last),
                before.policy().blindness());
        return Optional.of(report(before, step, scope));
    }

    private static WatchReport report(RunWatch watch, StepTelemetry step, ReportScope scope) {
        List<Reading> readings = watch.show(step).readings();
        return new WatchReport(
                watch.generation(),
                watch.lastStep(),
                watch.policy().hash(),
                watch.partial(),
                watch.usualStepMillis(),
                watch.detectors().report(readings, watch.lastStep(), watch.partial(), scope),
                watch.detectors().unjudged(scope));
    }

    private static boolean isOfRankZero(@Nullable StepTelemetry telemetry) {
        return telemetry != null && telemetry.getProcessRank() == 0;
    }

    /** Shows a watch the records that it has not taken, in the order of their arrival, as far as there are any and before number {@code end}. */
    static RunWatch replay(RunWatch watch, LongFunction<@Nullable StepTelemetry> records, long end) {
        long most = Math.min(end, watch.kept() + watch.policy().limits().windowSteps());
        while (watch.kept() < most) {
            StepTelemetry next = records.apply(watch.kept());
            if (next == null || watch.arrival(next) != Arrival.NEXT) {
                break;
            }
            watch.take(next);
        }
        return watch;
    }

    /** Where each signal has been going, up to a record, by the baselines of now: the slots also hold records from before the snapshot. */
    private static Map<String, Trend> trends(RunWatch watch, LongFunction<@Nullable StepTelemetry> records, long last) {
        RunWatch reader =
                new RunWatch(watch.policy(), watch.generation(), watch.roster().copy());
        Detectors frozen = new Detectors(watch.policy(), watch.roster().copy());
        watch.detectors().copyTo(frozen);
        Map<String, Trend> trends = new TreeMap<>();
        long first = Math.max(0, last + 1 - watch.policy().limits().windowSteps());
        LongStream.rangeClosed(first, last).mapToObj(records).forEach(record -> {
            if (record != null && reader.arrival(record) == Arrival.NEXT) {
                Observation seen = reader.take(record).observation();
                if (seen != null) {
                    frozen.readings(seen)
                            .forEach((signal, reading) -> trends.computeIfAbsent(
                                            signal, name -> new Trend(TREND_READINGS))
                                    .add(seen.step(), reading));
                }
            }
        });
        return trends;
    }
}
