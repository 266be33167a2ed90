package io.instabilityguard.evaluation.chaos.violation;

import java.util.HashMap;
import java.util.Map;

/** The guard's factor on the learning rate as the commands make it: the rule of the bridge's description, computed again. */
final class LearningRate {
    private static final double LOWEST = 1e-9;

    private Course course = new Course(1, 1, 0);
    private final Map<String, Course> before = new HashMap<>();

    private record Course(double scale, double regrowth, double hold) {}

    double scale() {
        return course.scale();
    }

    /** What every step begins with. */
    void regrow() {
        if (course.hold() > 0) {
            course = new Course(course.scale(), course.regrowth(), course.hold() - 1);
        } else if (course.scale() < 1) {
            course = new Course(Math.min(1, course.scale() * course.regrowth()), course.regrowth(), course.hold());
        }
    }

    /** A SCALE_LEARNING_RATE with these parameters. */
    void lower(String id, Map<String, Double> parameters) {
        before.put(id, course);
        double lowered = Math.max(
                Math.max(
                        parameters.getOrDefault("floor", 0.0), course.scale() * parameters.getOrDefault("factor", 1.0)),
                LOWEST);
        course = new Course(
                Math.min(course.scale(), lowered),
                parameters.getOrDefault("regrowthPerStep", 1.0),
                parameters.getOrDefault("recoverAfterSteps", 0.0));
    }

    /** A ROLL_BACK of that command. */
    void restore(String id) {
        Course old = before.getOrDefault(id, course);
        course = new Course(Math.max(course.scale(), old.scale()), old.regrowth(), old.hold());
    }
}
