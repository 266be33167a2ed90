package io.instabilityguard.evaluation.history;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Keeps what the topics say about one run. Thread-safe. */
public final class HistoryRecorder implements RunListener {
    private final String run;
    private final List<StepTelemetry> telemetry = new ArrayList<>();
    private final List<Anomaly> anomalies = new ArrayList<>();
    private final List<InterventionCommand> commands = new ArrayList<>();
    private final List<InterventionOutcome> outcomes = new ArrayList<>();
    private final List<Decision> decisions = new ArrayList<>();
    private final Map<Long, Long> sentAtMs = new HashMap<>();
    private final Map<Long, Long> answeredAtMs = new HashMap<>();
    private long lastAnswered = -1;

    /** Records the run of this name only. */
    public HistoryRecorder(String run) {
        this.run = run;
    }

    @Override
    public synchronized void onTelemetry(StepTelemetry record) {
        if (record.getRun().equals(run)) {
            telemetry.add(record);
            notifyAll();
            if (record.getAwaitsDecision()) {
                sentAtMs.put(record.getStep(), record.getTimestampMs());
            }
        }
    }

    @Override
    public synchronized void onAnomaly(Anomaly anomaly) {
        if (anomaly.getRun().equals(run)) {
            anomalies.add(anomaly);
        }
    }

    @Override
    public synchronized void onCommand(InterventionCommand command) {
        if (command.getRun().equals(run)) {
            commands.add(command);
        }
    }

    @Override
    public synchronized void onOutcome(InterventionOutcome outcome) {
        if (outcome.getRun().equals(run)) {
            outcomes.add(outcome);
        }
    }

    @Override
    public synchronized void onDecision(Decision decision) {
        if (decision.getRun().equals(run)) {
            decisions.add(decision);
        }
    }

    @Override
    public synchronized void onState(RunState state, long receivedAtMs) {
        if (state.getRun().equals(run)) {
            answeredAtMs.putIfAbsent(state.getLastStep(), receivedAtMs);
            lastAnswered = Math.max(lastAnswered, state.getLastStep());
            notifyAll();
        }
    }

    /** Waits until telemetry of this step or a later one was seen, at most for the timeout; whether it was. */
    public boolean awaitStep(long step, Duration timeout) {
        return await(() -> lastStep() >= step, timeout);
    }

    /** Waits until the guard's answer to this step or a later one was seen, at most for the timeout; whether it was. */
    public boolean awaitAnswer(long step, Duration timeout) {
        return await(() -> lastAnswered >= step, timeout);
    }

    private synchronized boolean await(BooleanSupplier condition, Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        try {
            for (long left = timeout.toMillis(); !condition.getAsBoolean() && left > 0; left = millisUntil(deadline)) {
                wait(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return condition.getAsBoolean();
    }

    private static long millisUntil(long deadline) {
        return TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    }

    private long lastStep() {
        return telemetry.isEmpty() ? -1 : telemetry.get(telemetry.size() - 1).getStep();
    }

    /** What was recorded so far. */
    public synchronized RunHistory history() {
        return new RunHistory(
                List.copyOf(telemetry),
                List.copyOf(anomalies),
                List.copyOf(commands),
                List.copyOf(outcomes),
                List.copyOf(decisions),
                loopMillis());
    }

    private List<Double> loopMillis() {
        List<Double> millis = new ArrayList<>();
        sentAtMs.forEach((step, sentAt) -> {
            Long answeredAt = answeredAtMs.get(step);
            if (answeredAt != null) {
                millis.add((double) (answeredAt - sentAt));
            }
        });
        return millis;
    }
}
