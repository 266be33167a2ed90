package io.instabilityguard.guard;

import static io.instabilityguard.guard.Telemetry.calm;
import static io.instabilityguard.guard.Telemetry.outcome;
import static io.instabilityguard.guard.Telemetry.spike;
import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.guard.anomaly.DetectionProcessor;
import io.instabilityguard.guard.intervention.DecisionChain;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.StepTelemetry;
import io.instabilityguard.schemas.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The same records give the same decisions. */
final class ReplayTopologyTest extends TopologyCase {

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

    @Test
    void shouldDropBaselinesOfAnotherFormatAndWatchTheRunAnew() {
        guard.calm(0, 60);
        guard.put(DetectionProcessor.SNAPSHOT_STORE, Telemetry.RUN, new byte[] {0, 0, 0, 1, 0, 3, 'o', 'l', 'd'});
        GuardDriver next = enforcing("");
        next.restoreFrom(guard);
        guard.close();
        guard = next;
        guard.calm(60, 130);
        guard.send(spike(130));
        assertThat(guard.count("new-generation")).isEqualTo(1);
        assertThat(guard.commands()).hasSize(1);
        assertThat(guard.deadLetters()).isEmpty();
    }
}
