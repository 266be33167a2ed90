package io.instabilityguard.evaluation.demo;

import io.instabilityguard.evaluation.demo.Screen.Colour;
import io.instabilityguard.evaluation.history.RunListener;
import io.instabilityguard.evaluation.trainer.StepLine;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.Comparator;
import java.util.function.LongSupplier;

/** Shows one run while it trains: its steps from the trainer, its events from the topics. */
final class LiveView implements RunListener {
    private static final int PLAIN_EVERY_STEPS = 100;

    private final Screen screen;
    private final String method;
    private final int steps;
    private final LongSupplier clockMs;
    private final long startedAtMs;
    private volatile String lowest = "";

    LiveView(Screen screen, String method, int steps, LongSupplier clockMs) {
        this.screen = screen;
        this.method = method;
        this.steps = steps;
        this.clockMs = clockMs;
        this.startedAtMs = clockMs.getAsLong();
    }

    /** A step that the trainer has done. */
    void onStep(StepLine step) {
        String status = new StatusLine(
                        method, step.step(), steps, step.loss(), lowest, clockMs.getAsLong() - startedAtMs)
                .toString();
        if (screen.isTerminal()) {
            screen.status(status);
        } else if (step.step() % PLAIN_EVERY_STEPS == 0) {
            screen.line(Colour.PLAIN, status);
        }
    }

    /** The run is over. */
    void onEnd(TrainerResult result) {
        String loss = DemoTable.loss(result);
        if (result.diverged()) {
            screen.line(Colour.LOSS, "%-11s lost at step %s".formatted(method, result.divergedAtStep()));
        } else {
            screen.line(Colour.PLAIN, "%-11s %d steps, final loss %s".formatted(method, result.steps(), loss));
        }
    }

    @Override
    public void onTelemetry(StepTelemetry telemetry) {
        telemetry.getLayers().stream()
                .filter(LayerSpectrum::getFinite)
                .min(Comparator.comparing(LayerSpectrum::getStableRank))
                .ifPresent(layer -> lowest = "%.2f (%s)".formatted(layer.getStableRank(), layer.getName()));
    }

    @Override
    public void onAnomaly(Anomaly anomaly) {
        screen.line(Colour.ALARM, EventLines.of(anomaly));
    }

    @Override
    public void onCommand(InterventionCommand command) {
        screen.line(Colour.ACTION, EventLines.of(command));
    }

    @Override
    public void onOutcome(InterventionOutcome outcome) {
        screen.line(Colour.ACTION, EventLines.of(outcome));
    }

    @Override
    public void onDecision(Decision decision) {
        if (decision.getAction() == DecisionAction.VERDICT) {
            screen.line(Colour.PLAIN, EventLines.of(decision));
        }
    }
}
