package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.growing;
import static io.instabilityguard.guard.Telemetry.outcome;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.guard.intervention.ShadowProcessor;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.AgreementTally;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.PolicyInForce;
import io.instabilityguard.schemas.ShadowAgreement;
import io.instabilityguard.schemas.ShadowCommand;
import io.instabilityguard.schemas.Topics;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A policy that is tried beside the one in force. */
final class ShadowTopologyTest extends TopologyCase {

    private static final String HARD_CUT = "interventions: {cut-learning-rate: {parameters: {factor: 0.25}}}";
    private static final String DEAF = "detectors: {gradient-spike: {enabled: false}, loss-spike: {enabled: false}}";
    private static final String CUTS = """
            detectors:
              loss-spike: {above: {loss-deviation: 1000000000}}
              gradient-spike: {above: {gradient-ratio: 6, loss-surprise: null, loss-deviation: 0}}
              gradient-blow-up: {enabled: false}
            interventions:
              quarter-learning-rate: {enabled: false}
              cut-learning-rate: {verdict: {after-steps: 5}}
            """;
    private static final String LADDER = """
            interventions:
              cut-learning-rate: {verdict: {after-steps: 5}}
              save-checkpoint: {enabled: true}
            ladders:
              gradient-spike: {rungs: [cut-learning-rate, save-checkpoint], escalate-after-commands: 1}
            """;
    private static final List<String> SHADOW_STORES = List.of(
            DetectionProcessor.SHADOW_SNAPSHOT_STORE, DetectionProcessor.SHADOW_SLOT_STORE, ShadowProcessor.STORE);

    @Test
    void shouldAgreeWithThePolicyInForceWithoutActing() {
        guard.tryOut("run-*", HARD_CUT);
        runIntoASpike();

        assertThat(guard.commands())
                .singleElement()
                .extracting(InterventionCommand::getParameters)
                .satisfies(parameters -> assertThat(parameters).containsEntry("factor", 0.5));
        ShadowAgreement last = last();
        assertThat(last.getAlarms().getBoth()).isPositive();
        assertThat(last.getAlarms()).isEqualTo(onlyBoth(last.getAlarms().getBoth()));
        assertThat(last.getCommands()).isEqualTo(onlyBoth(1));
        assertThat(last.getShadowHash())
                .isEqualTo(PolicyReader.parse(HARD_CUT, Mode.OBSERVE).hash());
        assertThat(last.getPolicyHash())
                .isEqualTo(PolicyReader.parse("", Mode.ENFORCE).hash());
        assertThat(last.getWouldCommand())
                .extracting(ShadowCommand::getId)
                .containsExactly("run-1/1000/SCALE_LEARNING_RATE/60");
    }

    @Test
    void shouldCountWhatOnlyThePolicyInForceFound() {
        guard.tryOut("run-1", DEAF);
        runIntoASpike();
        ShadowAgreement last = last();
        assertThat(last.getAlarms().getBoth()).isZero();
        assertThat(last.getAlarms().getOnlyShadow()).isZero();
        assertThat(last.getAlarms().getOnlyInForce()).isPositive();
        assertThat(last.getCommands()).isEqualTo(new AgreementTally(0L, 1L, 0L, 0L));
    }

    @Test
    void shouldCountWhatOnlyTheShadowFound() {
        under(DEAF, Mode.ENFORCE);
        guard.tryOut("*", "detectors: {gradient-spike: {enabled: true}, loss-spike: {enabled: true}}\nmode: enforce");
        runIntoASpike();
        assertThat(guard.commands()).isEmpty();
        assertThat(guard.anomalies()).isEmpty();
        ShadowAgreement last = last();
        assertThat(last.getAlarms().getOnlyShadow()).isPositive();
        assertThat(last.getCommands()).isEqualTo(new AgreementTally(0L, 0L, 1L, 0L));
    }

    @Test
    void shouldDecideTheSameWithAndWithoutAShadow() {
        runIntoASpike();
        List<Decision> alone = guard.decisions();
        under("", Mode.ENFORCE);
        guard.tryOut("*", DEAF);
        runIntoASpike();
        assertThat(guard.decisions()).isEqualTo(alone);
    }

    @Test
    void shouldCostNothingWhereNoneIsTried() {
        guard.tryOut("other-*", HARD_CUT);
        runIntoASpike();
        assertThat(guard.read(Topics.SHADOW)).isEmpty();
        assertThat(SHADOW_STORES).allMatch(store -> guard.entries(store) == 0);
    }

    @Test
    void shouldGoOnAfterARestart() {
        guard.tryOut("*", HARD_CUT);
        guard.calm(0, 60);
        guard.send(spike(60));
        ShadowAgreement before = last();
        List<byte[]> inForce = guard.bytes(Topics.POLICIES_IN_FORCE);
        GuardDriver next = enforcing("");
        inForce.forEach(bytes -> next.sendBytes(Topics.POLICIES_IN_FORCE, "shadow/*", bytes));
        next.restoreFrom(guard);
        guard.close();
        guard = next;
        guard.calm(61, 130);
        ShadowAgreement after = last();
        assertThat(after.getSinceStep()).isEqualTo(before.getSinceStep());
        assertThat(after.getCommands()).isEqualTo(before.getCommands());
        assertThat(after.getAlarms().getBoth()).isEqualTo(before.getAlarms().getBoth());
    }

    @Test
    void shouldForgetAShadowThatIsWithdrawn() {
        guard.tryOut("*", HARD_CUT);
        runIntoASpike();
        guard.withdraw("shadow/*");
        guard.read(Topics.SHADOW);
        guard.send(calm(100).build());
        guard.send(spike(101));
        assertThat(guard.read(Topics.SHADOW)).isEmpty();
        assertThat(SHADOW_STORES).allMatch(store -> guard.entries(store) == 0);
    }

    @Test
    void shouldPutAShadowInForceWithOneChange() {
        guard.tryOut("*", HARD_CUT);
        guard.calm(0, 30);
        guard.apply("*", HARD_CUT);
        guard.calm(30, 60);
        guard.send(spike(60));
        assertThat(guard.commands())
                .singleElement()
                .satisfies(command -> assertThat(command.getParameters()).containsEntry("factor", 0.25));
        assertThat(guard.read(Topics.SHADOW)).isEmpty();
        assertThat(SHADOW_STORES).allMatch(store -> guard.entries(store) == 0);
        assertThat(guard.read(Topics.POLICIES_IN_FORCE))
                .extracting(policy -> policy.getRevision().getShadow())
                .containsExactly(true, false);
    }

    @Test
    void shouldRefuseAShadowThatIsBad() {
        guard.tryOut("*", "mode: kill");
        guard.apply("shadow/*", HARD_CUT);
        assertThat(guard.deadLetters()).hasSize(2);
        assertThat(guard.<PolicyInForce>read(Topics.POLICIES_IN_FORCE)).isEmpty();
    }

    @Test
    void shouldLearnWhatBecameOfACommandThatItWouldHaveGivenToo() {
        under(CUTS, Mode.ENFORCE);
        guard.tryOut("*", LADDER);
        assertThat(kindsWanted())
                .as("a cut that was judged neutral takes the ladder one rung up")
                .containsExactly("SCALE_LEARNING_RATE", "SAVE_CHECKPOINT");
    }

    @Test
    void shouldNotKnowWhatWouldHaveBecomeOfAnotherCommand() {
        under(CUTS, Mode.ENFORCE);
        guard.tryOut("*", LADDER.replace("cut-learning-rate: {", "cut-learning-rate: {parameters: {factor: 0.25}, "));
        assertThat(kindsWanted()).containsOnly("SCALE_LEARNING_RATE");
    }

    /** Kinds of what the shadow would have commanded while the gradients grow and the policy in force cuts in vain. */
    private List<String> kindsWanted() {
        guard.calm(0, 60);
        for (long step = 60; step < 80; step++) {
            guard.send(growing(step, 60));
            for (InterventionCommand command : guard.commands()) {
                guard.answer(outcome(command, OutcomeStatus.APPLIED, step + 1));
            }
        }
        return guard.<ShadowAgreement>read(Topics.SHADOW).stream()
                .flatMap(agreement -> agreement.getWouldCommand().stream())
                .map(command -> command.getId().split("/")[2])
                .toList();
    }

    private void runIntoASpike() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.calm(61, 64);
    }

    private ShadowAgreement last() {
        List<ShadowAgreement> all = guard.read(Topics.SHADOW);
        List<ShadowAgreement> commanded =
                all.stream().filter(one -> !one.getWouldCommand().isEmpty()).toList();
        ShadowAgreement last = all.get(all.size() - 1);
        return commanded.isEmpty()
                ? last
                : ShadowAgreement.newBuilder(last)
                        .setWouldCommand(commanded.get(commanded.size() - 1).getWouldCommand())
                        .build();
    }

    private static AgreementTally onlyBoth(long count) {
        return new AgreementTally(count, 0L, 0L, 0L);
    }
}
