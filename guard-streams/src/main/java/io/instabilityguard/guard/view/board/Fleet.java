package io.instabilityguard.guard.view.board;

import io.instabilityguard.schemas.Anomaly;
import io.instabilityguard.schemas.Decision;
import io.instabilityguard.schemas.InterventionCommand;
import io.instabilityguard.schemas.InterventionOutcome;
import io.instabilityguard.schemas.RunState;
import io.instabilityguard.schemas.ShadowAgreement;
import io.instabilityguard.schemas.StepTelemetry;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;

/**
 * Every run that the topics tell of: where it stands, and the history of those that were heard of last, as far as the memory goes. For one thread that
 * fills it and any number that look.
 */
public final class Fleet {

    private static final int CHECK_EVERY = 256;
    private static final RunBoard NOTHING = new RunBoard();

    private final int mostRuns;
    private final long mostBytes;
    private final TreeMap<String, RunState> states = new TreeMap<>();
    private final Map<String, RunBoard> boards = new LinkedHashMap<>();
    private final TreeMap<String, ShadowAgreement> shadows = new TreeMap<>();
    private final Set<String> changed = new TreeSet<>();
    private long taken;
    private long evicted;

    /**
     * An empty fleet.
     *
     * @param mostRuns runs known at a time; the one whose state is oldest gives way
     * @param mostBytes heap for histories; that of the run longest not heard of gives way, never the last one
     */
    public Fleet(int mostRuns, long mostBytes) {
        this.mostRuns = mostRuns;
        this.mostBytes = mostBytes;
    }

    /** Takes a record of any topic that is about a run; others are left out. */
    public synchronized void take(String run, SpecificRecord record) {
        if (record instanceof RunState state) {
            states.put(run, state);
            oldest(states, RunState::getTimestampMs).ifPresent(this::withdraw);
        } else if (record instanceof StepTelemetry telemetry) {
            board(run).take(telemetry);
        } else if (record instanceof Anomaly anomaly) {
            board(run).take(anomaly);
        } else if (record instanceof InterventionCommand command) {
            board(run).take(command);
        } else if (record instanceof InterventionOutcome outcome) {
            board(run).take(outcome);
        } else if (record instanceof Decision decision) {
            board(run).take(decision);
        } else if (record instanceof ShadowAgreement agreement) {
            shadows.put(run, agreement);
            oldest(shadows, ShadowAgreement::getTimestampMs).ifPresent(shadows::remove);
        }
        changed.add(run);
        if (++taken % CHECK_EVERY == 0) {
            dropOldestHistories();
        }
    }

    /** Forgets a run whose state was withdrawn. */
    public synchronized void withdraw(String run) {
        states.remove(run);
        boards.remove(run);
        shadows.remove(run);
        changed.add(run);
    }

    /** The history of a run, which thereby becomes the one heard of last. */
    private RunBoard board(String run) {
        RunBoard known = boards.remove(run);
        RunBoard board = known == null ? new RunBoard() : known;
        boards.put(run, board);
        return board;
    }

    /** The run with the oldest record, when there are too many. */
    private <R> Optional<String> oldest(Map<String, R> records, ToLongFunction<R> timestampMs) {
        return records.size() <= mostRuns
                ? Optional.empty()
                : records.entrySet().stream()
                        .min(Comparator.comparingLong(entry -> timestampMs.applyAsLong(entry.getValue())))
                        .map(Map.Entry::getKey);
    }

    private void dropOldestHistories() {
        long held = boards.values().stream().mapToLong(RunBoard::bytes).sum();
        for (Iterator<RunBoard> oldest = boards.values().iterator(); held > mostBytes && boards.size() > 1; ) {
            held -= oldest.next().bytes();
            oldest.remove();
            evicted++;
        }
    }

    /** Runs about which something was taken since the last call. */
    public synchronized List<String> takeChanged() {
        List<String> all = List.copyOf(changed);
        changed.clear();
        return all;
    }

    /** Runs with an id after {@code after}, by id, at most {@code limit}. */
    public synchronized Page<RunSummary> runs(String after, int limit) {
        List<RunSummary> page = states.tailMap(after, false).values().stream()
                .limit(limit)
                .map(this::summary)
                .toList();
        boolean more =
                !page.isEmpty() && states.higherKey(page.get(page.size() - 1).run()) != null;
        return new Page<>(page, more ? page.get(page.size() - 1).run() : null);
    }

    /** Where one run stands. */
    public synchronized Optional<RunSummary> run(String run) {
        return Optional.ofNullable(states.get(run)).map(this::summary);
    }

    /** The history of one run. */
    public synchronized Optional<RunBoard> history(String run) {
        return Optional.ofNullable(boards.get(run));
    }

    /** Every run in which a proposal waits, what is most urgent first. */
    public synchronized Stream<RunSummary> asking() {
        return states.values().stream()
                .filter(state -> !state.getProposals().isEmpty())
                .map(this::summary)
                .sorted((a, b) -> Integer.compare(a.urgency(), b.urgency()))
                .toList()
                .stream();
    }

    /** Where the shadow policies of runs agree with those in force, by run. */
    public synchronized List<ShadowAgreement> shadows() {
        return List.copyOf(shadows.values());
    }

    /** Histories that gave way to the bound on memory. */
    public synchronized long evicted() {
        return evicted;
    }

    private RunSummary summary(RunState state) {
        return RunSummary.of(state, boards.getOrDefault(state.getRun(), NOTHING));
    }
}
