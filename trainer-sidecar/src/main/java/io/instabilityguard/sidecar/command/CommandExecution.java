package io.instabilityguard.sidecar.command;

import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.OutcomeStatus;
import io.instabilityguard.sidecar.errors.DistinctErrors;
import io.instabilityguard.sidecar.errors.OneLine;
import io.instabilityguard.sidecar.frame.Hello;
import io.instabilityguard.sidecar.frame.HookLink;
import io.instabilityguard.sidecar.frame.HookMessage.Applied;
import io.instabilityguard.sidecar.frame.HookMessage.Apply;
import io.instabilityguard.sidecar.frame.HookMessage.NotApplied;
import io.instabilityguard.sidecar.frame.SidecarMessage;
import io.instabilityguard.sidecar.report.RunTelemetry;
import io.instabilityguard.sidecar.report.SidecarClock;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries the commands of one session through: decide, write down, send to the hook, compute when its boundary has come,
 * and say what came of it. Each id takes effect at most once in this process of this generation, whatever dies in between.
 *
 * <p>Commands come on the source's thread, {@link #apply} runs on the numerics thread, the rest on the connection's.
 */
public final class CommandExecution {
    private static final Logger LOG = LoggerFactory.getLogger(CommandExecution.class);

    private final Hello hello;
    private final SessionKey session;
    private final HookLink link;
    private final CommandLog log;
    private final OutcomeReporter outcomes;
    private final MatrixReplacement replacement;
    private final RunTelemetry telemetry;
    private final SidecarClock clock;
    private final Map<String, Double> loopMillis = new ConcurrentHashMap<>();
    private final Map<String, MatrixReplacement.Result> computed = new ConcurrentHashMap<>();
    private final Fencing fencing;
    private final Cancellations cancellations;
    private final LockstepProgress progress = new LockstepProgress();
    private final DistinctErrors errors = new DistinctErrors(LOG);
    private volatile long lastStep;
    private volatile boolean closed;

    /** What all sessions share. */
    public record Shared(CommandLog log, OutcomeReporter outcomes, SidecarClock clock) {}

    /** The commands of the session that this HELLO began. */
    public CommandExecution(
            Hello hello, HookLink link, MatrixReplacement replacement, RunTelemetry telemetry, Shared shared) {
        this.hello = hello;
        this.session = SessionKey.of(hello);
        this.link = link;
        this.replacement = replacement;
        this.telemetry = telemetry;
        this.log = shared.log();
        this.fencing = new Fencing(session, log, link);
        this.cancellations = new Cancellations(session, log, link);
        this.outcomes = shared.outcomes();
        this.clock = shared.clock();
        this.lastStep = hello.step();
    }

    /** Settles what an earlier connection or generation left open, and sends again what the hook may still apply. */
    public void resume() {
        log.open(session).forEach(entry -> {
            if (entry.session().equals(session)) {
                resume(entry);
            } else {
                settleOlder(entry);
            }
        });
    }

    private void resume(JournalEntry entry) {
        ReceivedCommand command = entry.command();
        Long appliedAt = hello.appliedAt(command.id());
        if (appliedAt != null) {
            finish(entry, Outcomes.appliedEarlier(entry, appliedAt, loop(entry), now()));
        } else if (entry.state() == JournalEntry.State.APPLYING) {
            finish(
                    entry,
                    OutcomeStatus.ABANDONED,
                    "the connection broke while it was being applied; it took no effect");
        } else if (fencing.bars(command)) {
            finish(entry, OutcomeStatus.REFUSED, fencing.reason(command));
        } else if (lastStep > command.expiresAtStep()) {
            finish(entry, OutcomeStatus.EXPIRED, command.whyExpired(lastStep));
        } else {
            send(entry);
        }
    }

    private void settleOlder(JournalEntry entry) {
        String reason = "the trainer was started again as generation " + session.generation();
        boolean applying = entry.state() == JournalEntry.State.APPLYING;
        finish(entry, applying ? OutcomeStatus.ABANDONED : OutcomeStatus.VOID, reason);
    }

    /** A command that was just received for this run; says what it was judged to be. */
    public CommandLedger.Judgement onCommand(ReceivedCommand command) {
        double loop = telemetry.millisSince(command.decidedAtStep());
        JournalEntry entry = JournalEntry.received(session, command);
        CommandLedger.Judgement judgement = log.judge(session, command, lastStep);
        switch (judgement) {
            case SEEN -> LOG.debug("command {} was read again", command.id());
            case DUPLICATE -> publishOnly(entry, OutcomeStatus.DUPLICATE, "this id was received before");
            case VOID -> finish(entry, OutcomeStatus.VOID, command.whyVoid(session));
            case FENCED -> finish(entry, OutcomeStatus.REFUSED, fencing.reason(command));
            case EXPIRED -> finish(entry, OutcomeStatus.EXPIRED, command.whyExpired(lastStep));
            case FORWARD -> forward(entry, loop);
        }
        fencing.withdraw();
        tellProgress();
        return judgement;
    }

    /** A record under this run's key that is not believed: told, and nothing else is changed by it. */
    public void onRefused(RefusedCommand refused) {
        JournalEntry entry = JournalEntry.received(session, refused.in(session));
        publishOnly(entry, OutcomeStatus.REFUSED, refused.problem().reason());
    }

    private void forward(JournalEntry entry, double loop) {
        ReceivedCommand command = entry.command();
        loopMillis.put(command.id(), loop);
        Long appliedAt = hello.appliedAt(command.id());
        if (appliedAt != null) {
            finish(entry, Outcomes.appliedEarlier(entry, appliedAt, loop(entry), now()));
            return;
        }
        try {
            log.record(entry);
            send(entry);
        } catch (IOException e) {
            finish(entry, OutcomeStatus.FAILED, DistinctErrors.describe(e));
        }
    }

    /** Hands a command to the hook; one that cancels another is settled by what becomes of that one. */
    private void send(JournalEntry entry) {
        if (!entry.command().isCancel()) {
            link.send(entry.command().message());
        } else if (!cancellations.ask(entry)) {
            finish(entry, OutcomeStatus.REFUSED, entry.command().undoes() + " is not open here");
        }
    }

    /** Where the run stands and who holds it; tells the hook when it waits in lockstep. */
    public void onProgress(RunProgress state) {
        fencing.hear(state);
        if (hello.lockstep() && state.generation() == session.generation()) {
            progress.consumed(state.lastStep(), state.commandsIssued());
            tellProgress();
        }
    }

    private void tellProgress() {
        if (hello.lockstep()) {
            progress.news(log.received(session)).ifPresent(step -> link.send(new SidecarMessage.Progress(step)));
        }
    }

    /** The trainer has done this step. */
    public void onStep(long step) {
        lastStep = step;
    }

    /** The slots hold the live weights: fills them with the new matrices, writes that down, and only then says so. */
    public void apply(Apply apply) {
        Optional<JournalEntry> known = log.find(session, apply.id());
        if (known.isEmpty() || known.get().state() != JournalEntry.State.RECEIVED) {
            link.send(new SidecarMessage.Reject(
                    apply.id(),
                    known.map(entry -> "this command is " + entry.state() + " already")
                            .orElse("this session was sent no such command")));
            return;
        }
        try {
            fencing.check(known.get().command());
            ready(known.get(), replacement.replace(known.get().command(), apply.matrices()));
        } catch (RefusedException e) {
            reject(known.get(), OutcomeStatus.REFUSED, String.valueOf(e.getMessage()));
        } catch (IOException | RuntimeException e) {
            errors.warn("a command failed", e);
            reject(known.get(), OutcomeStatus.FAILED, DistinctErrors.describe(e));
        }
    }

    private void reject(JournalEntry entry, OutcomeStatus status, String reason) {
        replacement.notApplied(entry.command());
        finish(entry, status, reason);
        link.send(new SidecarMessage.Reject(entry.command().id(), OneLine.of(reason)));
    }

    private void ready(JournalEntry entry, MatrixReplacement.Result result) throws IOException {
        String id = entry.command().id();
        computed.put(id, result);
        if (!closed && log.recordApplying(entry)) {
            link.send(new SidecarMessage.Ready(id, result.ready()));
        } else {
            computed.remove(id);
            replacement.notApplied(entry.command());
            link.send(new SidecarMessage.Reject(id, "it took too long: the command is not open any more"));
        }
    }

    /** The hook applied a command. */
    public void onApplied(Applied applied) {
        JournalEntry entry = open(applied.id());
        if (entry != null) {
            MatrixReplacement.Result result = computed.getOrDefault(applied.id(), MatrixReplacement.Result.NONE);
            replacement.applied(entry.command(), applied.matrices());
            finish(entry, Outcomes.applied(entry, applied, result, loop(entry), now()));
        }
    }

    /** The hook did not apply a command. */
    public void onNotApplied(NotApplied refused) {
        JournalEntry entry = open(refused.id());
        if (entry != null) {
            replacement.notApplied(entry.command());
            finish(entry, Outcomes.notApplied(entry, refused, loop(entry), now()));
        }
    }

    /** The trainer leaves for good: what it was still to do will not be done. */
    public void onBye() {
        log.open(session).stream()
                .filter(entry -> !cancellations.isWaiting(entry))
                .forEach(entry -> finish(entry, OutcomeStatus.ABANDONED, "the trainer ended before its boundary"));
    }

    /** The connection is gone: what is being computed for it takes no effect. */
    public void close() {
        closed = true;
        replacement.close();
    }

    /** Whether a command that replaces weights waits for its boundary or to be computed: it needs the numerics thread soon. */
    public boolean isReplacementOpen() {
        return log.open(session).stream()
                .map(entry -> entry.command().kind())
                .anyMatch(kind -> Rewritings.WEIGHT_KINDS.contains(kind) || kind.equals(Rewritings.ROLL_BACK));
    }

    private @Nullable JournalEntry open(String id) {
        JournalEntry entry = log.find(session, id).filter(JournalEntry::isOpen).orElse(null);
        if (entry == null) {
            LOG.debug("the hook speaks of command {}, which is not open", id);
        }
        return entry;
    }

    private void finish(JournalEntry entry, OutcomeStatus status, String reason) {
        finish(entry, Outcomes.without(entry, status, lastStep, reason, loop(entry), now()));
    }

    private void finish(JournalEntry entry, InterventionOutcome outcome) {
        JournalEntry decided = entry.decided(Outcomes.encode(outcome));
        log.settle(decided);
        outcomes.publish(decided);
        computed.remove(entry.command().id());
        loopMillis.remove(entry.command().id());
        boolean tooLate = outcome.getStatus() == OutcomeStatus.APPLIED;
        String reason = tooLate ? entry.command().id() + " had been applied" : "";
        cancellations
                .settledBy(entry.command().id())
                .ifPresent(cancel -> finish(cancel, tooLate ? OutcomeStatus.REFUSED : OutcomeStatus.APPLIED, reason));
    }

    /** A duplicate is answered but changes nothing of what is known of its id. */
    private void publishOnly(JournalEntry entry, OutcomeStatus status, String reason) {
        InterventionOutcome outcome = Outcomes.without(entry, status, lastStep, reason, Double.NaN, now());
        outcomes.publish(entry.passing(Outcomes.encode(outcome)));
    }

    private double loop(JournalEntry entry) {
        return loopMillis.getOrDefault(entry.command().id(), Double.NaN);
    }

    private long now() {
        return clock.millis();
    }
}
