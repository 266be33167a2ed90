package io.instabilityguard.evaluation.demo;

import io.instabilityguard.evaluation.report.Curve;
import io.instabilityguard.evaluation.trainer.StepLine;
import io.instabilityguard.evaluation.trainer.TrainerResult;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** One finished training run: every step and how it ended. */
record TrainedRun(List<StepLine> steps, TrainerResult result) {
    double medianSecondsPerStep() {
        return result.secondsPerStep();
    }

    List<Curve.Point> points(ToDoubleFunction<StepLine> value) {
        return steps.stream()
                .map(step -> new Curve.Point(step.step(), value.applyAsDouble(step)))
                .toList();
    }
}
