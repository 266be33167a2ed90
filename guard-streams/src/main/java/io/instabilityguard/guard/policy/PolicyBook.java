package io.instabilityguard.guard.policy;

import io.instabilityguard.schemas.Mode;
import io.instabilityguard.schemas.PolicyRevision;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which policy is in force for which run.
 *
 * <p>Precedence, later wins:
 *
 * <ol>
 *   <li>the default policy;
 *   <li>that of the process: its policy file, then {@code mode} of its configuration;
 *   <li>the revision from Kafka whose pattern fits the run most specifically (see {@link RunPattern}), alone: less specific ones take no part;
 *   <li>the mode that the process is pinned to ({@code --mode}).
 * </ol>
 *
 * <p>Safe for one writer and any number of readers.
 */
public final class PolicyBook {

    private final Policy base;
    private final @Nullable Mode pinned;
    private volatile SortedMap<RunPattern, Policy> revisions = Collections.emptySortedMap();

    /**
     * A book without revisions.
     *
     * @param base the policy of the process
     * @param pinned mode that no revision changes; null for none
     */
    public PolicyBook(Policy base, @Nullable Mode pinned) {
        this.base = base;
        this.pinned = pinned;
    }

    /**
     * A revision from Kafka that is in force.
     *
     * @param pattern its runs
     * @param policy the whole policy that it makes
     */
    public record Revision(RunPattern pattern, Policy policy) {}

    /** The policy of the process, in force where no revision is. */
    public Policy base() {
        return base;
    }

    /** The whole policy that a revision makes. Errors: {@link PolicyException} that names the key. */
    public Policy over(String yaml) {
        return PolicyReader.over(base, yaml, pinned);
    }

    /** What is wrong with a revision under this key, in one line; empty when nothing is. A revision without value withdraws the one before. */
    public Optional<String> problemOf(@Nullable String key, @Nullable PolicyRevision revision) {
        try {
            RunPattern pattern = new RunPattern(key == null ? "" : key);
            if (revision == null) {
                return Optional.empty();
            }
            if (!revision.getPattern().equals(pattern.text())) {
                return Optional.of("key is not the pattern: key=" + key + " pattern=" + revision.getPattern());
            }
            over(revision.getPolicy());
            return Optional.empty();
        } catch (PolicyException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** Puts a revision in force; null withdraws. Errors: {@link PolicyException}, and nothing has changed. */
    public void enter(String pattern, @Nullable String yaml) {
        SortedMap<RunPattern, Policy> changed = new TreeMap<>(revisions);
        if (yaml == null) {
            changed.remove(new RunPattern(pattern));
        } else {
            changed.put(new RunPattern(pattern), over(yaml));
        }
        revisions = Collections.unmodifiableSortedMap(changed);
    }

    /** The revisions in force, the most specific pattern first. */
    public List<Revision> revisions() {
        return revisions.entrySet().stream()
                .map(entry -> new Revision(entry.getKey(), entry.getValue()))
                .toList();
    }

    /** The policy in force for a run. */
    public Policy of(String run) {
        for (Map.Entry<RunPattern, Policy> entry : revisions.entrySet()) {
            if (entry.getKey().matches(run)) {
                return entry.getValue();
            }
        }
        return base;
    }
}
