package io.instabilityguard.sidecar.command;

import io.instabilityguard.sidecar.report.SidecarMetrics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The bytes of matrices as they were before each weight command, in the sidecar's memory. Bounded over all sessions: the oldest command's
 * are dropped first, and counted. What is dropped can no longer be rolled back. Any thread.
 */
public final class ShadowStore {
    private final ShadowSettings settings;
    private final SidecarMetrics metrics;
    private final List<Shadow> oldestFirst = new ArrayList<>();

    private record Shadow(Session session, String command, Map<Integer, byte[]> slots) {
        long bytes() {
            return slots.values().stream().mapToLong(slot -> slot.length).sum();
        }
    }

    /** Reads the bytes of a slot. */
    interface SlotReader {
        byte[] read(int slot) throws IOException;
    }

    /** An empty store. */
    public ShadowStore(ShadowSettings settings, SidecarMetrics metrics) {
        this.settings = settings;
        this.metrics = metrics;
    }

    /** The shadows of one session, which are gone with it. */
    Session open() {
        return new Session();
    }

    /** The shadows of one session. */
    final class Session {
        private Session() {}

        /**
         * Keeps the slots as they are before a command, if there is room for them.
         *
         * @param size bytes of all these slots
         * @return the bytes kept: {@code size}, or 0 when that is more than may be kept; nothing older can be rolled back then
         */
        long keep(String command, List<Integer> slots, long size, SlotReader reader) throws IOException {
            synchronized (ShadowStore.this) {
                makeRoom(this, size);
                if (size > settings.bytes() || settings.commands() == 0) {
                    return 0;
                }
                Map<Integer, byte[]> copies = new LinkedHashMap<>();
                for (int slot : slots) {
                    copies.put(slot, reader.read(slot));
                }
                oldestFirst.add(new Shadow(this, command, copies));
                return size;
            }
        }

        /** The command took effect on these slots only. */
        void applied(String command, Collection<Integer> slots) {
            synchronized (ShadowStore.this) {
                own().stream()
                        .filter(shadow -> shadow.command().equals(command))
                        .forEach(shadow -> shadow.slots().keySet().retainAll(slots));
                oldestFirst.removeIf(shadow -> shadow.slots().isEmpty());
            }
        }

        /** The command took no effect, or was rolled back. */
        void discard(String command) {
            synchronized (ShadowStore.this) {
                oldestFirst.removeIf(
                        shadow -> shadow.session() == this && shadow.command().equals(command));
            }
        }

        /**
         * The slots as they were before the command.
         *
         * @throws RefusedException when they are gone, or a later command replaced one of them
         */
        Map<Integer, byte[]> before(String command) throws RefusedException {
            synchronized (ShadowStore.this) {
                List<Shadow> own = own();
                for (int i = 0; i < own.size(); i++) {
                    if (own.get(i).command().equals(command)) {
                        checkUntouched(own.get(i), own.subList(i + 1, own.size()));
                        return Map.copyOf(own.get(i).slots());
                    }
                }
                throw new RefusedException("the weights from before " + command
                        + " are gone: this connection keeps those of its last " + settings.commands()
                        + " weight commands within " + settings.bytes() + " bytes (shadow-commands, shadow-bytes)");
            }
        }

        /** The session is over. */
        void close() {
            synchronized (ShadowStore.this) {
                oldestFirst.removeIf(shadow -> shadow.session() == this);
            }
        }

        private List<Shadow> own() {
            return oldestFirst.stream()
                    .filter(shadow -> shadow.session() == this)
                    .toList();
        }
    }

    private static void checkUntouched(Shadow shadow, List<Shadow> later) throws RefusedException {
        for (Shadow other : later) {
            if (!Collections.disjoint(shadow.slots().keySet(), other.slots().keySet())) {
                throw new RefusedException(other.command() + " has replaced a matrix of " + shadow.command()
                        + " since and would be undone with it: roll " + other.command() + " back first");
            }
        }
    }

    /** Drops the oldest until the bytes fit and one more command of the session does: all of them when they cannot. */
    private void makeRoom(Session session, long size) {
        if (size > settings.bytes()) {
            drop(session.own());
        }
        List<Shadow> own = session.own();
        drop(own.subList(0, Math.max(0, own.size() - Math.max(0, settings.commands() - 1))));
        while (!oldestFirst.isEmpty() && size <= settings.bytes() && size > settings.bytes() - bytes()) {
            drop(List.of(oldestFirst.get(0)));
        }
    }

    private void drop(List<Shadow> shadows) {
        shadows.forEach(shadow -> {
            oldestFirst.remove(shadow);
            metrics.shadowDropped(shadow.bytes());
        });
    }

    private long bytes() {
        return oldestFirst.stream().mapToLong(Shadow::bytes).sum();
    }
}
