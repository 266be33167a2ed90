package io.instabilityguard.sidecar;

import io.instabilityguard.sidecar.command.CommandListener;
import io.instabilityguard.sidecar.command.ReceivedCommand;
import io.instabilityguard.sidecar.command.RefusedCommand;
import io.instabilityguard.sidecar.command.RunProgress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The sessions that are open, at most one per run and process rank: the newest of the newest generation. Any thread.
 *
 * <p>Commands of runs that are not attached here are other sidecars' business and are ignored.
 */
final class TrainerSessions implements CommandListener {
    private final Map<Seat, TrainerSession> sessions = new HashMap<>();

    private record Seat(String run, int processRank) {
        static Seat of(TrainerSession session) {
            return new Seat(session.hello().run(), session.hello().processRank());
        }
    }

    /** Gives the session its place, closing who had it; false when that one is of a newer generation. */
    boolean enter(TrainerSession session) {
        TrainerSession before;
        synchronized (this) {
            before = sessions.get(Seat.of(session));
            if (before != null && before.hello().generation() > session.hello().generation()) {
                return false;
            }
            sessions.put(Seat.of(session), session);
        }
        if (before != null) {
            before.giveWay();
        }
        return true;
    }

    synchronized void leave(TrainerSession session) {
        sessions.remove(Seat.of(session), session);
    }

    @Override
    public void onCommand(ReceivedCommand command) {
        for (TrainerSession session : open()) {
            String run = session.hello().run();
            if (run.equals(command.run()) || run.equals(command.key())) {
                session.onCommand(command);
            }
        }
    }

    @Override
    public void onRefused(RefusedCommand refused) {
        for (TrainerSession session : open()) {
            if (session.hello().run().equals(refused.key())) {
                session.onRefused(refused);
            }
        }
    }

    @Override
    public void onProgress(RunProgress progress) {
        for (TrainerSession session : open()) {
            if (session.hello().run().equals(progress.run())) {
                session.onProgress(progress);
            }
        }
    }

    private synchronized List<TrainerSession> open() {
        return List.copyOf(sessions.values());
    }
}
