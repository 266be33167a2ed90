package io.instabilityguard.guard.console;

import io.instabilityguard.guard.console.TopicReader.Entry;
import io.instabilityguard.schemas.DeadLetter;
import io.instabilityguard.schemas.PolicyInForce;
import io.instabilityguard.schemas.PolicyRevision;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What became of the revisions of the policy, as far as the topics still hold them: compaction takes superseded ones, refused ones stay among the dead letters. */
final class PolicyHistory {

    private final Map<Long, Revision> revisions = new TreeMap<>();

    /**
     * One revision or withdrawal.
     *
     * @param offset of its record in the topic of policies
     * @param pattern the runs
     * @param revision what was wanted; null for a withdrawal, and for what nobody can read
     * @param keyId id of the key that it claims to be signed with; empty when it is not signed
     * @param fate what became of it
     * @param timestampMs time of its record, epoch milliseconds
     */
    record Revision(
            long offset,
            String pattern,
            @Nullable PolicyRevision revision,
            String keyId,
            String fate,
            long timestampMs) {}

    private PolicyHistory() {}

    /**
     * Puts the history together.
     *
     * @param wanted the topic of policies
     * @param inForce the latest record of each pattern in the topic of policies in force
     * @param refused dead letters of the topic of policies
     */
    static List<Revision> of(
            List<Entry<PolicyRevision>> wanted, Map<String, PolicyInForce> inForce, List<DeadLetter> refused) {
        PolicyHistory history = new PolicyHistory();
        wanted.forEach(entry -> history.enter(entry, inForce.get(entry.record().key())));
        refused.forEach(history::refuse);
        return List.copyOf(history.revisions.values());
    }

    private void enter(Entry<PolicyRevision> entry, @Nullable PolicyInForce inForce) {
        long offset = entry.record().offset();
        long latest = inForce == null ? -1 : inForce.getRevisionOffset();
        String fate = entry.value() == null
                ? "withdrawn"
                : offset == latest ? "in force" : offset < latest ? "superseded" : "not in force";
        put(new Revision(
                offset,
                String.valueOf(entry.record().key()),
                entry.value(),
                entry.keyId(),
                fate,
                entry.record().timestamp()));
    }

    private void refuse(DeadLetter letter) {
        Revision known = revisions.get(letter.getOffset());
        put(new Revision(
                letter.getOffset(),
                known == null ? "?" : known.pattern(),
                known == null ? null : known.revision(),
                known == null ? "" : known.keyId(),
                "refused: " + letter.getCause(),
                letter.getRecordTimestampMs()));
    }

    private void put(Revision revision) {
        revisions.put(revision.offset(), revision);
    }
}
