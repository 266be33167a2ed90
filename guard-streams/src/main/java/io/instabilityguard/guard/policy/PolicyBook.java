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
 * <p>A revision may also be a shadow: tried beside the policy in force, and chosen among shadows by the same rule.
 *
 * <p>Safe for one writer and any number of readers.
 */
public final class PolicyBook {

    private final Policy base;
    private final @Nullable Mode pinned;
    private volatile SortedMap<RunPattern, Policy> revisions = Collections.emptySortedMap();
    private volatile SortedMap<RunPattern, Policy> shadows = Collections.emptySortedMap();

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

    /** The whole policy that a shadow makes: it may observe, whatever it says. Errors: {@link PolicyException} that names the key. */
    public Policy overAsShadow(String yaml) {
        return PolicyReader.over(base, yaml, Mode.OBSERVE);
    }

    /** The whole policy that a good revision makes. */
    Policy made(PolicyRevision revision) {
        return revision.getShadow() ? overAsShadow(revision.getPolicy()) : over(revision.getPolicy());
    }

    /** What is wrong with a revision under this key, in one line; empty when nothing is. A revision without value withdraws the one before. */
    public Optional<String> problemOf(@Nullable String key, @Nullable PolicyRevision revision) {
        try {
            RevisionKey known = RevisionKey.parse(key == null ? "" : key);
            if (revision == null) {
                return Optional.empty();
            }
            RevisionKey own = new RevisionKey(new RunPattern(revision.getPattern()), revision.getShadow());
            if (!own.equals(known)) {
                return Optional.of("key is not the pattern: key=" + key + " pattern=" + revision.getPattern());
            }
            over(revision.getPolicy()); // a shadow is meant to be put in force as it stands
            made(revision);
            return Optional.empty();
        } catch (PolicyException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Puts a revision in force, or beside the one in force; null withdraws. One in force ends the shadow of the same pattern that says the same: it is no trial any more. Errors:
     * {@link PolicyException}, and nothing has changed.
     */
    public void enter(String key, @Nullable String yaml) {
        RevisionKey known = RevisionKey.parse(key);
        if (known.shadow()) {
            shadows = changed(shadows, known.pattern(), yaml == null ? null : overAsShadow(yaml));
            return;
        }
        revisions = changed(revisions, known.pattern(), yaml == null ? null : over(yaml));
        Policy shadow = shadows.get(known.pattern());
        if (yaml != null
                && shadow != null
                && shadow.hash().equals(overAsShadow(yaml).hash())) {
            shadows = changed(shadows, known.pattern(), null);
        }
    }

    private static SortedMap<RunPattern, Policy> changed(
            SortedMap<RunPattern, Policy> before, RunPattern pattern, @Nullable Policy policy) {
        SortedMap<RunPattern, Policy> changed = new TreeMap<>(before);
        if (policy == null) {
            changed.remove(pattern);
        } else {
            changed.put(pattern, policy);
        }
        return Collections.unmodifiableSortedMap(changed);
    }

    /** The revisions in force, the most specific pattern first. */
    public List<Revision> revisions() {
        return revisions.entrySet().stream()
                .map(entry -> new Revision(entry.getKey(), entry.getValue()))
                .toList();
    }

    /** The policy in force for a run. */
    public Policy of(String run) {
        return mostSpecific(revisions, run).orElse(base);
    }

    /** The policy that is tried beside the one in force for a run; empty for most. */
    public Optional<Policy> shadowOf(String run) {
        return mostSpecific(shadows, run);
    }

    private static Optional<Policy> mostSpecific(SortedMap<RunPattern, Policy> policies, String run) {
        for (Map.Entry<RunPattern, Policy> entry : policies.entrySet()) {
            if (entry.getKey().matches(run)) {
                return Optional.of(entry.getValue());
            }
        }
        return Optional.empty();
    }
}
