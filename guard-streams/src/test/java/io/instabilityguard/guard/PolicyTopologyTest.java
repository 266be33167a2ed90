package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.PolicyInForce;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.Topics;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Policies through Kafka: which is in force, and what a change keeps. */
final class PolicyTopologyTest extends TopologyCase {

    private static final String HARD_CUT = "interventions: {cut-learning-rate: {parameters: {factor: 0.25}}}";
    private static final String OTHER_BASELINE = "signals: {gradient-ratio: {window-steps: 40}}";

    @Test
    void shouldChangeThePolicyBetweenTwoStepsAndKeepWhatFits() {
        guard.calm(0, 60);
        guard.apply("*", HARD_CUT);
        guard.send(spike(60));

        String hash = PolicyReader.parse(HARD_CUT, Mode.ENFORCE).hash();
        assertThat(guard.commands())
                .singleElement()
                .satisfies(command -> assertThat(command.getParameters()).containsEntry("factor", 0.25));
        assertThat(guard.decisions()).extracting(Decision::getPolicyHash).containsOnly(hash);
        assertThat(guard.states()).last().extracting(RunState::getPolicyHash).isEqualTo(hash);
        assertThat(guard.read(Topics.POLICIES_IN_FORCE))
                .extracting(PolicyInForce::getPolicyHash)
                .containsExactly(hash);
    }

    @Test
    void shouldTellTheNewPolicyWithTheFirstStepUnderIt() {
        guard.calm(0, 10);
        guard.states();
        guard.apply("run-?", "mode: observe");
        guard.calm(10, 12);
        assertThat(guard.states()).singleElement().satisfies(state -> {
            assertThat(state.getMode()).isEqualTo(Mode.OBSERVE);
            assertThat(state.getLastStep()).isEqualTo(10);
        });
    }

    @Test
    void shouldBeginTheBaselineOfAChangedSignalAnew() {
        guard.calm(0, 60);
        guard.apply("*", OTHER_BASELINE);
        guard.send(calm(60).setGradientNorm(50).setLoss(3.5).build());
        assertThat(guard.anomalies())
                .as("the loss's detector goes on, that of the gradient warms up")
                .extracting(anomaly -> anomaly.getEvidence().getDetector())
                .containsExactly("loss-spike");
        guard.calm(61, 130);
        guard.anomalies();
        guard.send(spike(130));
        assertThat(guard.anomalies())
                .extracting(anomaly -> anomaly.getEvidence().getDetector())
                .contains("gradient-spike");
    }

    @Test
    void shouldRefuseABadPolicyByItsKeyAndKeepTheLastGoodOne() {
        guard.apply("*", HARD_CUT);
        guard.apply("*", "interventions: {cut-learning-rate: {parameters: {factor: -7}}}");
        guard.sendBytes(Topics.POLICIES, "*", new byte[] {1, 2, 3});
        guard.calm(0, 60);
        guard.send(spike(60));

        assertThat(guard.deadLetters())
                .satisfiesExactly(
                        letter -> {
                            assertThat(letter.getTopic()).isEqualTo(Topics.POLICIES.name());
                            assertThat(letter.getCause()).contains("interventions.cut-learning-rate.parameters");
                            assertThat(letter.getValue()).isNotNull();
                        },
                        letter -> assertThat(letter.getStage()).isEqualTo("deserialization"));
        assertThat(guard.read(Topics.POLICIES_IN_FORCE)).hasSize(1);
        assertThat(guard.commands())
                .singleElement()
                .satisfies(command -> assertThat(command.getParameters()).containsEntry("factor", 0.25));
    }

    @Test
    void shouldGoOnUnderTheLastGoodPolicyAfterARestart() {
        guard.apply("*", HARD_CUT);
        guard.apply("*", "mode: kill");
        guard.calm(0, 60);
        List<byte[]> inForce = guard.bytes(Topics.POLICIES_IN_FORCE);
        GuardDriver next = enforcing("");
        inForce.forEach(bytes -> next.sendBytes(Topics.POLICIES_IN_FORCE, "*", bytes));
        next.restoreFrom(guard);
        guard.close();
        guard = next;
        guard.send(spike(60));
        assertThat(guard.commands())
                .singleElement()
                .satisfies(command -> assertThat(command.getParameters()).containsEntry("factor", 0.25));
    }

    @Test
    void shouldKeepWhatWasLearnedUnderAPolicyThatWasReplacedWhileNoGuardRan() {
        guard.apply("*", OTHER_BASELINE);
        guard.calm(0, 90);
        GuardDriver next = enforcing("");
        next.restoreFrom(guard);
        guard.close();
        guard = next;
        guard.apply("*", OTHER_BASELINE + "\nmode: observe");
        guard.send(spike(90));
        assertThat(guard.decisions()).extracting(Decision::getAction).containsExactly(DecisionAction.WOULD_COMMAND);
    }

    @Test
    void shouldPreferTheMostSpecificPatternAndFallBackWhenItIsWithdrawn() {
        guard.apply("run-1", "mode: observe");
        guard.apply("*", HARD_CUT);
        guard.calm(0, 60);
        guard.send(spike(60));
        assertThat(guard.commands()).isEmpty();
        guard.withdraw("run-1");
        guard.calm(61, 140);
        guard.send(spike(140));
        assertThat(guard.commands())
                .extracting(InterventionCommand::getParameters)
                .allSatisfy(parameters -> assertThat(parameters).containsEntry("factor", 0.25));
        guard.withdraw("*");
        guard.states();
        guard.send(calm(141).build());
        assertThat(guard.states())
                .last()
                .extracting(RunState::getPolicyHash)
                .isEqualTo(PolicyReader.parse("", Mode.ENFORCE).hash());
    }

    @Test
    void shouldClearAnomaliesOfDetectorsThatAreNoMore() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.anomalies();
        guard.apply("*", "detectors: {gradient-spike: {enabled: false}, loss-spike: {enabled: false}}");
        guard.calm(61, 62);
        assertThat(guard.anomalies())
                .allMatch(this::isCleared)
                .extracting(Anomaly::getMessage)
                .containsExactlyInAnyOrder(
                        "the policy has no detector gradient-spike any more",
                        "the policy has no detector loss-spike any more");
    }
}
