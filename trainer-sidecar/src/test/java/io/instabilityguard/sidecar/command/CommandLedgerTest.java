package io.instabilityguard.sidecar.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.instabilityguard.sidecar.command.CommandLedger.Judgement;
import org.junit.jupiter.api.Test;

class CommandLedgerTest {
    private static final SessionKey SESSION = new SessionKey("run-1", 5, 0);

    private final CommandLedger ledger = new CommandLedger();

    @Test
    void shouldForwardANewCommand() {
        assertThat(judge(Commands.learningRate("a", 0), 20)).isEqualTo(Judgement.FORWARD);
    }

    @Test
    void shouldExpireACommandOnlyPastItsLastStep() {
        assertThat(judge(Commands.learningRate("a", 0), 21)).isEqualTo(Judgement.EXPIRED);
    }

    @Test
    void shouldVoidOtherGenerations() {
        assertThat(judge(Commands.ofGeneration("a", 4, 0), 0)).isEqualTo(Judgement.VOID);
        assertThat(judge(Commands.ofGeneration("b", 6, 1), 0)).isEqualTo(Judgement.VOID);
    }

    @Test
    void shouldVoidACommandWhoseKeyIsNotItsRun() {
        assertThat(judge(Commands.withKey("a", "run-1", "run-2", 0), 0)).isEqualTo(Judgement.VOID);
        assertThat(judge(Commands.withKey("b", "run-2", "run-1", 1), 0)).isEqualTo(Judgement.VOID);
    }

    @Test
    void shouldTellADuplicateFromARereading() {
        receive(Commands.learningRate("a", 7));
        receive(Commands.learningRate("b", 9));

        assertThat(judge(Commands.learningRate("a", 7), 0)).isEqualTo(Judgement.SEEN);
        assertThat(judge(Commands.learningRate("a", 12), 0)).isEqualTo(Judgement.DUPLICATE);
        ledger.read(SESSION, Commands.learningRate("a", 12));
        assertThat(judge(Commands.learningRate("a", 12), 0)).isEqualTo(Judgement.SEEN);
    }

    @Test
    void shouldTakeANewIdAtAnOldPlace() {
        receive(Commands.learningRate("a", 7));

        assertThat(judge(Commands.learningRate("topic-made-anew", 3), 0)).isEqualTo(Judgement.FORWARD);
    }

    @Test
    void shouldKeepProcessesApart() {
        receive(Commands.learningRate("a", 7));

        assertThat(ledger.judge(new SessionKey("run-1", 5, 1), Commands.learningRate("a", 7), 0))
                .isEqualTo(Judgement.FORWARD);
    }

    @Test
    void shouldCountTheCommandsOfItsOwnGeneration() {
        receive(Commands.learningRate("a", 0));
        receive(Commands.learningRate("b", 1));
        receive(Commands.learningRate("b", 2));
        receive(Commands.ofGeneration("c", 4, 3));

        assertThat(ledger.received(SESSION)).isEqualTo(2);
    }

    @Test
    void shouldRefuseAHolderThatHasLostTheRun() {
        receive(Commands.inEpoch("a", 0, "guard-b", 7));

        assertThat(judge(Commands.inEpoch("b", 1, "guard-a", 6), 0)).isEqualTo(Judgement.FENCED);
        assertThat(judge(Commands.learningRate("c", 2), 0)).isEqualTo(Judgement.FENCED);
        assertThat(judge(Commands.inEpoch("d", 3, "guard-b", 7), 0)).isEqualTo(Judgement.FORWARD);
        assertThat(judge(Commands.inEpoch("e", 4, "guard-c", 8), 0)).isEqualTo(Judgement.FORWARD);
        assertThat(ledger.fence("run-1").reason(Commands.inEpoch("b", 1, "guard-a", 6)))
                .isEqualTo("guard-a commanded it in epoch 6, but guard-b holds the run since epoch 7");
    }

    @Test
    void shouldBeginAnewWithTheTrainersNextLife() {
        ledger.hold("run-1", new Fence(5, "guard-b", 7));
        ledger.hold("run-1", new Fence(4, "guard-c", 9));
        assertThat(ledger.fence("run-1").epoch()).isEqualTo(7);

        ledger.hold("run-1", new Fence(6, "guard-a", 1));
        assertThat(ledger.fence("run-1")).isEqualTo(new Fence(6, "guard-a", 1));
    }

    @Test
    void shouldFindWhatAnOlderGenerationLeftOpen() {
        receive(Commands.learningRate("a", 0));
        SessionKey restarted = new SessionKey("run-1", 6, 0);
        JournalEntry own = JournalEntry.received(restarted, Commands.ofGeneration("b", 6, 1));
        ledger.put(own);
        ledger.put(JournalEntry.received(restarted, Commands.ofGeneration("c", 6, 2))
                .decided("x"));

        assertThat(ledger.open(restarted))
                .extracting(entry -> entry.command().id())
                .containsExactly("a", "b");
        assertThat(ledger.open(SESSION))
                .extracting(entry -> entry.command().id())
                .containsExactly("a");
    }

    @Test
    void shouldForgetOnlyWhatIsPublished() {
        JournalEntry entry = JournalEntry.received(SESSION, Commands.learningRate("open", 0));
        ledger.put(entry);
        for (int i = 1; i <= 5; i++) {
            ledger.put(JournalEntry.received(SESSION, Commands.learningRate("done-" + i, i))
                    .published());
        }
        ledger.put(JournalEntry.received(SESSION, Commands.learningRate("waits", 6))
                .decided("x"));

        ledger.forgetBeyond(2);

        assertThat(ledger.all())
                .extracting(kept -> kept.command().id())
                .containsExactly("open", "done-4", "done-5", "waits");
    }

    private Judgement judge(ReceivedCommand command, long lastStep) {
        return ledger.judge(SESSION, command, lastStep);
    }

    private void receive(ReceivedCommand command) {
        ledger.put(JournalEntry.received(SESSION, command));
    }
}
