package io.instabilityguard.guard.metrics;

import io.instabilityguard.schemas.Health;
import io.instabilityguard.schemas.RunState;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import java.time.Clock;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongToDoubleFunction;
import java.util.function.ToDoubleFunction;

/**
 * Shows {@link WatchedRuns}: {@code guard_runs{health}}, {@code guard_approvals_waiting}, {@code guard_run_unknown_seconds_total}, {@code guard_run_watched_seconds_total}, and for the 100 runs
 * that were heard of last {@code guard_run_health{run}} (0 UNKNOWN, 1 OK, 2 ALARM), {@code guard_run_step}, {@code guard_run_open_anomalies}, {@code guard_run_commands}, {@code
 * guard_run_step_equivalents} and {@code guard_run_blind_signals}. Gauges are NaN while what the topics say is not known.
 */
final class RunGauges {

    private static final int MOST_RUNS = 100;

    private final MeterRegistry registry;
    private final WatchedRuns runs;
    private final BooleanSupplier isLive;
    private final Clock clock;
    private final List<PerRun> perRun;

    RunGauges(MeterRegistry registry, WatchedRuns runs, BooleanSupplier isLive, Clock clock) {
        this.registry = registry;
        this.runs = runs;
        this.isLive = isLive;
        this.clock = clock;
        for (Health health : Health.values()) {
            Gauge.builder("guard.runs", () -> ifLive(runs.count(health, clock.millis())))
                    .description("Runs by health; those silent for an hour have ended.")
                    .tag("health", health.name())
                    .register(registry);
        }
        Gauge.builder("guard.approvals.waiting", () -> ifLive(runs.approvals(clock.millis())))
                .description("Commands that wait for an operator's approval.")
                .register(registry);
        seconds("guard.run.unknown", "Time for which runs were UNKNOWN.", runs::unknownSeconds);
        seconds("guard.run.watched", "Time for which runs were there.", runs::watchedSeconds);
        perRun = List.of(
                perRun("health", "0 UNKNOWN, 1 OK, 2 ALARM.", state -> number(state.getHealth())),
                perRun("step", "Last step that the guard read.", RunState::getLastStep),
                perRun(
                        "open.anomalies",
                        "Open anomalies.",
                        state -> state.getOpenAnomalies().size()),
                perRun("commands", "Commands sent in this generation.", RunState::getCommandsIssued),
                perRun("step.equivalents", "Budget spent.", RunState::getStepEquivalentsSpent),
                perRun(
                        "blind.signals",
                        "Signals that cannot warn.",
                        state -> state.getBlindSignals().size()));
    }

    /** One gauge of every run. */
    private record PerRun(MultiGauge gauge, ToDoubleFunction<RunState> value) {

        void show(List<RunState> states) {
            gauge.register(
                    states.stream()
                            .map(state -> Row.of(Tags.of("run", state.getRun()), value.applyAsDouble(state)))
                            .toList(),
                    true);
        }
    }

    /** Takes in which runs there are; called before every scrape. */
    synchronized void refresh() {
        List<RunState> latest = isLive.getAsBoolean() ? runs.latest(MOST_RUNS, clock.millis()) : List.of();
        perRun.forEach(gauge -> gauge.show(latest));
    }

    private double ifLive(long count) {
        return isLive.getAsBoolean() ? count : Double.NaN;
    }

    private void seconds(String name, String description, LongToDoubleFunction value) {
        FunctionCounter.builder(name, clock, now -> value.applyAsDouble(now.millis()))
                .description(description)
                .baseUnit("seconds")
                .register(registry);
    }

    private static int number(Health health) {
        return switch (health) {
            case UNKNOWN -> 0;
            case OK -> 1;
            case ALARM -> 2;
        };
    }

    private PerRun perRun(String name, String description, ToDoubleFunction<RunState> value) {
        MultiGauge gauge =
                MultiGauge.builder("guard.run." + name).description(description).register(registry);
        return new PerRun(gauge, value);
    }
}
