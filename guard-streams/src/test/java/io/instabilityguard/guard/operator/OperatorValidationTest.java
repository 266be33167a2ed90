package io.instabilityguard.guard.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.ManualCommand;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.OperatorActionKind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class OperatorValidationTest {

    @Test
    void shouldTakeEveryKindOfAction() {
        assertThat(problem(action(OperatorActionKind.APPROVE))).isEmpty();
        assertThat(problem(action(OperatorActionKind.DENY))).isEmpty();
        assertThat(problem(action(OperatorActionKind.CANCEL))).isEmpty();
        assertThat(problem(action(OperatorActionKind.SNOOZE).setSteps(10))).isEmpty();
        assertThat(problem(sending(cut()))).isEmpty();
    }

    @Test
    void shouldNameWhatIsWrong() {
        assertThat(problem(action(OperatorActionKind.UNKNOWN))).contains("unknown kind");
        assertThat(problem(action(OperatorActionKind.APPROVE).setTarget(""))).contains("without a target");
        assertThat(problem(action(OperatorActionKind.SNOOZE))).contains("steps=0");
        assertThat(problem(action(OperatorActionKind.APPROVE).setOperator("a b")))
                .contains("operator");
        assertThat(problem(action(OperatorActionKind.APPROVE).setId(""))).contains("id");
        assertThat(problem(action(OperatorActionKind.APPROVE).setCommand(cut().build())))
                .contains("a command belongs to SEND");
        assertThat(OperatorValidation.problemOf(
                        "another", action(OperatorActionKind.APPROVE).build()))
                .hasValueSatisfying(problem -> assertThat(problem).contains("key"));
    }

    @Test
    void shouldCheckACommandAsThePolicyWould() {
        assertThat(problem(sending(cut().setKind(InterventionKind.ROLL_BACK)))).contains("cannot send ROLL_BACK");
        assertThat(problem(sending(cut().setParameters(Map.of("factor", 0.5))))).contains("floor is missing");
        assertThat(problem(sending(cut().setParameters(Map.of("factor", 2.0, "floor", 0.1, "regrowthPerStep", 1.0)))))
                .contains("factor=2.0");
        assertThat(problem(sending(cut().setLayers(List.of("blocks.0"))))).contains("whole model");
        assertThat(problem(sending(cut().setForce(true)).setReason(" "))).contains("force without a reason");
        assertThat(problem(sending(cut().setKind(InterventionKind.PAUSE)))).contains("no parameter");
        assertThat(problem(sending(cut().setKind(InterventionKind.APPLY_MSIGN).setParameters(Map.of("steps", 0.5)))))
                .contains("matrices");
    }

    private static String problem(OperatorAction.Builder action) {
        return OperatorValidation.problemOf("run-1", action.build()).orElse("");
    }

    private static OperatorAction.Builder sending(ManualCommand.Builder command) {
        return action(OperatorActionKind.SEND).setTarget("").setCommand(command.build());
    }

    private static ManualCommand.Builder cut() {
        return ManualCommand.newBuilder()
                .setKind(InterventionKind.SCALE_LEARNING_RATE)
                .setLayers(List.of())
                .setParameters(Map.of("factor", 0.5, "floor", 0.01, "regrowthPerStep", 1.0))
                .setValidSteps(30)
                .setForce(false);
    }

    private static OperatorAction.Builder action(OperatorActionKind kind) {
        return OperatorAction.newBuilder()
                .setId("a-1")
                .setRun("run-1")
                .setGeneration(1)
                .setKind(kind)
                .setOperator("alice")
                .setReason("because")
                .setTarget("target")
                .setTimestampMs(1);
    }
}
