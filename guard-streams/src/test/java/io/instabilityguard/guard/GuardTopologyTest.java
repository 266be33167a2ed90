package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.outcome;
import static io.instabilityguard.guard.Telemetry.sampled;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.instabilityguard.guard.intervention.DecisionChain;
import io.instabilityguard.guard.intervention.DecisionProcessor;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.AnomalyTransition;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.DecisionAction;
import io.instabilityguard.schemas.Health;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionKind;
import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import io.instabilityguard.schemas.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class GuardTopologyTest {

    private GuardDriver guard = enforcing("");

    private static GuardDriver enforcing(String policy) {
        return new GuardDriver(PolicyReader.parse(policy, Mode.ENFORCE));
    }

    private void under(String policy, Mode mode) {
        guard.close();
        guard = new GuardDriver(PolicyReader.parse(policy, mode));
    }

    @AfterEach
    void close() {
        guard.close();
    }

    @Test
    void shouldCutTheLearningRateOnASpike() {
        guard.calm(0, 60);
        guard.send(spike(60));

        assertThat(guard.commands()).singleElement().satisfies(command -> {
            assertThat(command.getKind()).isEqualTo(InterventionKind.SCALE_LEARNING_RATE);
            assertThat(command.getId()).isEqualTo("run-1/1000/SCALE_LEARNING_RATE/60");
            assertThat(command.getParameters()).containsEntry("factor", 0.5);
            assertThat(command.getApplyAtStep()).isEqualTo(61);
            assertThat(command.getExpiresAtStep()).isEqualTo(91);
            assertThat(command.getTimestampMs()).isEqualTo(Telemetry.START_MS + 60 * Telemetry.STEP_MS);
            assertThat(command.getEvidence().getOffset()).isEqualTo(60);
        });
        assertThat(guard.anomalies())
                .extracting(Anomaly::getTransition)
                .containsExactly(AnomalyTransition.RAISED, AnomalyTransition.RAISED);
        assertThat(guard.states()).last().satisfies(state -> {
            assertThat(state.getHealth()).isEqualTo(Health.ALARM);
            assertThat(state.getCommandsIssued()).isEqualTo(1);
        });
    }

    @Test
    void shouldOrthogonaliseAttentionThatOutgrowsTheRest() {
        outgrow();
        assertThat(guard.commands()).singleElement().satisfies(command -> {
            assertThat(command.getKind()).isEqualTo(InterventionKind.APPLY_MSIGN);
            assertThat(command.getLayers()).containsExactly("blocks.0.attention.query");
            assertThat(command.getParameters()).containsEntry("steps", 0.0);
        });
    }

    @Test
    void shouldClearAfterQuietStepsAndSayOk() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.calm(61, 80);
        assertThat(guard.anomalies()).noneMatch(this::isCleared);
        guard.calm(80, 81);
        assertThat(guard.anomalies()).hasSize(2).allMatch(this::isCleared);
        assertThat(guard.states()).last().extracting(RunState::getHealth).isEqualTo(Health.OK);
    }

    @Test
    void shouldEscalateAnAnomalyThatGrowsMuchWorse() {
        guard.calm(0, 60);
        guard.send(calm(60).setGradientNorm(20).setLoss(2.8).build());
        guard.send(calm(61).setGradientNorm(90).setLoss(2.8).build());
        assertThat(guard.anomalies())
                .extracting(Anomaly::getTransition, Anomaly::getId)
                .containsExactly(
                        tuple(AnomalyTransition.RAISED, "run-1/1000/gradient-spike/60"),
                        tuple(AnomalyTransition.ESCALATED, "run-1/1000/gradient-spike/60"));
    }

    @Test
    void shouldDropRepeatedAndLateStepsAndCountThem() {
        guard.calm(0, 60);
        guard.send(calm(59).setLoss(1e6).build());
        guard.send(calm(10).setLoss(1e6).build());
        guard.send(spike(60));

        assertThat(guard.commands())
                .extracting(InterventionCommand::getDecidedAtStep)
                .containsExactly(60L);
        assertThat(guard.count("repeated")).isEqualTo(1);
        assertThat(guard.count("late")).isEqualTo(1);
    }

    @Test
    void shouldGoOnOverMissingSteps() {
        LongStream.range(0, 60)
                .map(i -> i * 7)
                .forEach(step -> guard.send(calm(step).build()));
        guard.send(spike(1_000));
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldBeginAnewInANewGenerationAndDropTheOldOne() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.send(calm(61).setGeneration(2_000).build());
        guard.send(calm(62).setLoss(1e6).build());
        guard.send(
                calm(62).setGeneration(2_000).setLoss(100).setGradientNorm(1e6).build());

        assertThat(guard.commands()).hasSize(1);
        assertThat(guard.count("old-generation")).isEqualTo(1);
        assertThat(guard.anomalies()).filteredOn(this::isCleared).hasSize(2);
        assertThat(guard.states()).last().satisfies(state -> {
            assertThat(state.getGeneration()).isEqualTo(2_000);
            assertThat(state.getCommandsIssued()).isZero();
        });
    }

    @Test
    void shouldLetRankZeroSpeakForTheRun() {
        for (long step = 0; step < 60; step++) {
            guard.send(calm(step).setWorldSize(2).build());
            guard.send(calm(step).setWorldSize(2).setProcessRank(1).setLoss(50).build());
        }
        assertThat(guard.anomalies()).isEmpty();
        assertThat(guard.count("next")).isEqualTo(119);
    }

    @Test
    void shouldSayUnknownInSilenceAndNeitherRaiseNorClear() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.states();
        guard.wait(Duration.ofSeconds(30));
        assertThat(guard.states())
                .singleElement()
                .extracting(RunState::getHealth)
                .isEqualTo(Health.UNKNOWN);
        assertThat(guard.anomalies()).noneMatch(this::isCleared);

        guard.calm(61, 62);
        assertThat(guard.states())
                .singleElement()
                .extracting(RunState::getHealth)
                .isEqualTo(Health.ALARM);
    }

    @Test
    void shouldNotCallAShortPauseSilence() {
        guard.calm(0, 60);
        guard.states();
        guard.wait(Duration.ofSeconds(15));
        assertThat(guard.states()).isEmpty();
    }

    @Test
    void shouldForgetARunThatStaysSilent() {
        guard.calm(0, 60);
        guard.wait(Duration.ofDays(2));
        assertThat(guard.entries(DecisionProcessor.STORE)).isZero();
        guard.calm(61, 62);
        assertThat(guard.count("new-generation")).isEqualTo(2);
    }

    @Test
    void shouldCountRunsBeyondTheLimit() {
        under("limits: {runs: 1}", Mode.ENFORCE);
        guard.calm(0, 5);
        guard.send(calm(0).setRun("another").build());
        assertThat(guard.count("unwatched")).isEqualTo(1);
        assertThat(guard.states()).extracting(RunState::getRun).containsOnly("run-1");
    }

    @Test
    void shouldWaitForTheCooldown() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 61));
        guard.calm(61, 71);
        guard.send(spike(71));
        assertThat(guard.commands()).isEmpty();
        assertThat(guard.decisions()).last().satisfies(decision -> {
            assertThat(decision.getAction()).isEqualTo(DecisionAction.NOTHING);
            assertThat(decision.getReason()).isEqualTo("cut-learning-rate waits until after step 71");
        });
        guard.send(spike(72));
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldKeepToItsBudget() {
        under("interventions: {cut-learning-rate: {most-per-1000-steps: 1}}", Mode.ENFORCE);
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 61));
        guard.calm(61, 200);
        guard.send(spike(200));
        assertThat(guard.commands()).isEmpty();
        guard.calm(201, 1_060);
        guard.send(spike(1_060));
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldCommandNothingWhenItOnlyObserves() {
        under("", Mode.OBSERVE);
        guard.calm(0, 60);
        guard.send(spike(60));
        assertThat(guard.commands()).isEmpty();
        assertThat(guard.decisions()).extracting(Decision::getAction).containsExactly(DecisionAction.WOULD_COMMAND);
        assertThat(guard.states())
                .last()
                .extracting(RunState::getCommandsIssued)
                .isEqualTo(0L);
    }

    @ParameterizedTest
    @EnumSource(names = {"REFUSED", "EXPIRED", "ABANDONED", "FAILED", "VOID"})
    void shouldAskAgainLaterWhenACommandWasNotApplied(OutcomeStatus status) {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.answer(outcome(guard.commands().get(0), status, 61));
        assertThat(guard.decisions()).last().satisfies(decision -> {
            assertThat(decision.getAction()).isEqualTo(DecisionAction.VERDICT);
            assertThat(decision.getVerdict()).isEqualTo(Verdict.UNKNOWN);
            assertThat(decision.getReason()).contains(status.name());
        });
        guard.calm(61, 67);
        assertThat(guard.commands()).isEmpty();
        guard.calm(67, 68);
        assertThat(guard.commands())
                .extracting(InterventionCommand::getDecidedAtStep)
                .containsExactly(67L);
    }

    @Test
    void shouldGiveUpACommandThatNobodyAnswers() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.calm(61, 100);
        guard.send(spike(100));
        assertThat(guard.commands()).hasSize(1);
        guard.send(spike(101));
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldJudgeACutEffectiveWhenTheSpikesStop() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 61));
        for (long step = 61; step < 82; step++) {
            guard.send(calm(step).setLearningRateScale(0.5).build());
        }
        assertThat(verdicts()).containsExactly(Verdict.EFFECTIVE);
    }

    @Test
    void shouldJudgeAnMsignNeutralWhenTheLogitsStayLarge() {
        outgrow();
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 31));
        sendWithLargeLogits(31, 37, 2.5);
        assertThat(verdicts()).containsExactly(Verdict.NEUTRAL);
    }

    @Test
    void shouldPauseAfterAHarmfulMsign() {
        outgrow();
        guard.answer(outcome(guard.commands().get(0), OutcomeStatus.APPLIED, 31));
        sendWithLargeLogits(31, 37, 5);
        assertThat(verdicts()).containsExactly(Verdict.HARMFUL);
        assertThat(guard.commands())
                .extracting(InterventionCommand::getKind)
                .containsExactly(InterventionKind.ROLL_BACK);
        sendWithLargeLogits(37, 237, 5);
        assertThat(guard.commands()).isEmpty();
        sendWithLargeLogits(237, 238, 5);
        assertThat(guard.commands()).hasSize(1);
    }

    @Test
    void shouldAnswerEveryStepThatATrainerWaitsFor() {
        for (long step = 0; step < 60; step++) {
            guard.send(calm(step).setAwaitsDecision(true).build());
        }
        guard.send(StepTelemetry.newBuilder(spike(60)).setAwaitsDecision(true).build());
        guard.send(calm(30).setAwaitsDecision(true).build());
        List<RunState> states = guard.states();
        assertThat(states).hasSize(62);
        assertThat(states.subList(0, 61))
                .extracting(RunState::getLastStep)
                .isEqualTo(LongStream.range(0, 61).boxed().toList());
        assertThat(states.get(60).getCommandsIssued()).isEqualTo(1);
        assertThat(states.get(61).getLastStep()).isEqualTo(60);
    }

    @Test
    void shouldChainItsDecisions() {
        guard.calm(0, 60);
        guard.send(spike(60));
        guard.send(spike(61));
        guard.send(calm(0).setGeneration(2_000).build());
        guard.calm(0, 1);
        List<Decision> decisions = guard.decisions();
        assertThat(decisions).hasSizeGreaterThan(1).allMatch(DecisionChain::isIntact);
        for (int i = 0; i < decisions.size(); i++) {
            assertThat(decisions.get(i).getSequence()).isEqualTo(i);
            assertThat(decisions.get(i).getPreviousHash())
                    .isEqualTo(i == 0 ? "" : decisions.get(i - 1).getHash());
        }
    }

    @Test
    void shouldDecideTheSameTwiceAndAcrossARestart() {
        GoldenTrace trace = new GoldenTrace("CS-0-guarded");
        List<String> once = replay(trace, Long.MAX_VALUE);
        assertThat(once).hasSizeGreaterThan(20);
        assertThat(replay(trace, Long.MAX_VALUE)).isEqualTo(once);
        assertThat(replay(trace, 123)).isEqualTo(once);
        assertThat(replay(trace, 128)).isEqualTo(once);
    }

    /** Digests of everything decided on a trace, with a restart before one step; every command is applied at the next step. */
    private static List<String> replay(GoldenTrace trace, long restartAt) {
        List<String> decided = new ArrayList<>();
        List<InterventionCommand> unanswered = List.of();
        GuardDriver driver = enforcing("");
        for (StepTelemetry telemetry : trace.telemetry()) {
            if (telemetry.getStep() == restartAt) {
                driver = restarted(driver, restartAt);
            }
            for (InterventionCommand command : unanswered) {
                driver.answer(outcome(command, OutcomeStatus.APPLIED, telemetry.getStep()));
            }
            driver.send(telemetry);
            List<byte[]> commands = driver.bytes(Topics.COMMANDS);
            unanswered = commands.stream()
                    .map(bytes -> GuardDriver.decode(Topics.COMMANDS, bytes))
                    .toList();
            Stream.of(commands, driver.bytes(Topics.ANOMALIES), driver.bytes(Topics.DECISIONS))
                    .flatMap(List::stream)
                    .forEach(bytes -> decided.add(telemetry.getStep() + " " + UUID.nameUUIDFromBytes(bytes)));
        }
        driver.close();
        return decided;
    }

    /** A new driver with the old one's stores, and its offsets: records of late steps decide nothing. */
    private static GuardDriver restarted(GuardDriver old, long steps) {
        GuardDriver next = enforcing("");
        next.restoreFrom(old);
        old.close();
        for (long i = 0; i < steps; i++) {
            next.send(calm(0).build());
        }
        return next;
    }

    private boolean isCleared(Anomaly anomaly) {
        return anomaly.getTransition() == AnomalyTransition.CLEARED;
    }

    private List<Verdict> verdicts() {
        return guard.decisions().stream()
                .filter(decision -> decision.getAction() == DecisionAction.VERDICT)
                .map(Decision::getVerdict)
                .toList();
    }

    private void outgrow() {
        guard.send(sampled(0, 1, 1).build());
        guard.calm(1, 30);
        guard.send(sampled(30, 3, 1).setMaxAttentionLogit(40).build());
    }

    private void sendWithLargeLogits(long from, long to, double loss) {
        for (long step = from; step < to; step++) {
            guard.send(calm(step).setMaxAttentionLogit(40).setLoss(loss).build());
        }
    }
}
