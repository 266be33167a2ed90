package io.instabilityguard.sidecar.command;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who was asked for what, and what became of it. Pure: no files, no time, no threads.
 *
 * <p>A command is known by its id within a {@link SessionKey}. Reading the topic again from an earlier place brings the same
 * commands at the same offsets; they are recognised and not answered twice.
 */
public final class CommandLedger {
    private final Map<SessionKey, Map<String, JournalEntry>> entries = new LinkedHashMap<>();
    private final Map<SessionKey, Map<Integer, Long>> lastOffsets = new LinkedHashMap<>();
    private final Map<String, Fence> fences = new LinkedHashMap<>();

    /** What to do with a command that was just read. */
    public enum Judgement {
        /** Send it to the hook. */
        FORWARD,
        /** Another generation, or the record's key is not the run that it names. */
        VOID,
        /** From a holder that has lost the run. */
        FENCED,
        /** The trainer is past its last step. */
        EXPIRED,
        /** The same id at a new place of the topic. */
        DUPLICATE,
        /** Read before, at this very place: nothing to do. */
        SEEN
    }

    /**
     * Judges a command for a session whose trainer has done {@code lastStep}.
     *
     * <p>The order matters: what is known stays what it is, whatever it says now.
     */
    public Judgement judge(SessionKey session, ReceivedCommand command, long lastStep) {
        if (find(session, command.id()).isPresent()) {
            return isReread(session, command) ? Judgement.SEEN : Judgement.DUPLICATE;
        }
        if (command.generation() != session.generation() || !isOf(session, command)) {
            return Judgement.VOID;
        }
        if (fence(session.run()).bars(command)) {
            return Judgement.FENCED;
        }
        return lastStep > command.expiresAtStep() ? Judgement.EXPIRED : Judgement.FORWARD;
    }

    /** Who holds the run by the newest word heard. */
    public Fence fence(String run) {
        return fences.getOrDefault(run, Fence.NONE);
    }

    /** Notes who holds a run; older words change nothing. */
    public void hold(String run, Fence word) {
        fences.put(run, fence(run).and(word));
    }

    /** Notes that this place of the topic has been read for the session. */
    public void read(SessionKey session, ReceivedCommand command) {
        lastOffsets
                .computeIfAbsent(session, key -> new LinkedHashMap<>())
                .merge(command.partition(), command.offset(), Math::max);
    }

    private static boolean isOf(SessionKey session, ReceivedCommand command) {
        return command.run().equals(session.run()) && command.key().equals(session.run());
    }

    private boolean isReread(SessionKey session, ReceivedCommand command) {
        Long last = lastOffsets.getOrDefault(session, Map.of()).get(command.partition());
        return last != null && command.offset() <= last;
    }

    /** Puts an entry in the place of an earlier one of the same id. */
    public void put(JournalEntry entry) {
        ReceivedCommand command = entry.command();
        entries.computeIfAbsent(entry.session(), key -> new LinkedHashMap<>()).put(command.id(), entry);
        read(entry.session(), command);
        if (isOf(entry.session(), command)) {
            hold(command.run(), new Fence(command.generation(), command.holder(), command.epoch()));
        }
    }

    /** The entry of a command. */
    public Optional<JournalEntry> find(SessionKey session, String id) {
        return Optional.ofNullable(entries.getOrDefault(session, Map.of()).get(id));
    }

    /** Entries without an outcome yet, of this session or of the same process in an older generation; oldest first. */
    public List<JournalEntry> open(SessionKey session) {
        return all().stream()
                .filter(JournalEntry::isOpen)
                .filter(entry ->
                        entry.session().equals(session) || entry.session().isOlderGenerationOf(session))
                .toList();
    }

    /** Entries whose outcome is not in Kafka yet, oldest first. */
    public List<JournalEntry> unpublished() {
        return all().stream()
                .filter(entry -> entry.state() == JournalEntry.State.FINAL)
                .toList();
    }

    /** How many commands of the session's own generation have been received. */
    public long received(SessionKey session) {
        return entries.getOrDefault(session, Map.of()).values().stream()
                .filter(entry -> entry.command().generation() == session.generation())
                .count();
    }

    /** Every entry, oldest session first. */
    public List<JournalEntry> all() {
        return entries.values().stream()
                .map(Map::values)
                .flatMap(Collection::stream)
                .toList();
    }

    /** Forgets the oldest entries whose outcome is in Kafka until at most {@code entriesKept} of those are left. */
    public void forgetBeyond(int entriesKept) {
        List<JournalEntry> published = new ArrayList<>(all());
        published.removeIf(entry -> entry.state() != JournalEntry.State.PUBLISHED);
        published
                .subList(0, Math.max(0, published.size() - entriesKept))
                .forEach(entry -> entries.getOrDefault(entry.session(), Map.of())
                        .remove(entry.command().id()));
        entries.values().removeIf(Map::isEmpty);
        lastOffsets.keySet().retainAll(entries.keySet());
    }
}
