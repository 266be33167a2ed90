package io.instabilityguard.guard.intervention;

import io.instabilityguard.schemas.Decision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Follows the chains of decisions through their topic, record by record in the order of each partition, and keeps the first record of each
 * chain that does not follow from those before it. What follows later in that chain is not judged any more. Every application has a chain of
 * its own on each run; one that was begun by an older release, which named no application, goes on under its name.
 *
 * <p>It cannot see decisions that are missing from the end of a chain, nor a run that is missing altogether; a hash that was noted elsewhere
 * shows both ({@link Chain#contains}). Whoever may write to the topic may also write a whole new chain: signatures show that.
 */
public final class LedgerCheck {

    private final Map<String, List<Chain>> chains = new TreeMap<>();

    /** What is wrong with a record. */
    public enum Flaw {
        /** It cannot be read. */
        UNREADABLE,
        /** It is not signed by anybody who is trusted. */
        UNTRUSTED,
        /** It stands under another key than its run. */
        MISPLACED,
        /** Its hash is not that of its content. */
        ALTERED,
        /** The chain does not begin with its decision 0: the front was cut off, or has expired. */
        FRONT_MISSING,
        /** Decisions before it are missing, or come later. */
        GAP,
        /** The same decision stands further up already. */
        REPEATED,
        /** It follows another decision than the one before it. */
        FORKED
    }

    /** Where a record stands in the topic. */
    public record Place(int partition, long offset) {}

    /**
     * The first record of a chain that is not as it should be.
     *
     * @param sequence number of the decision, as it says itself; -1 when it cannot be read
     */
    public record Finding(Flaw flaw, long sequence, Place place, String explanation) {}

    /** Adds the next record. */
    public void add(@Nullable String key, Decision decision, Place place) {
        chain(decision).add(key, decision, place);
    }

    /** Adds a record whose content does not count, because it cannot be read or is not trusted. */
    public void reject(@Nullable String key, Flaw flaw, Place place, String explanation) {
        List<Chain> ofRun = ofRun(String.valueOf(key));
        Chain chain = ofRun.isEmpty() ? begin(String.valueOf(key), "") : ofRun.get(0);
        chain.found(new Finding(flaw, -1, place, explanation));
    }

    private Chain chain(Decision decision) {
        List<Chain> ofRun = ofRun(decision.getRun());
        return Stream.<Predicate<Chain>>of(
                        chain -> chain.application.equals(decision.getApplication()),
                        chain -> chain.isContinuedBy(decision))
                .flatMap(wanted -> ofRun.stream().filter(wanted))
                .findFirst()
                .orElseGet(() -> begin(decision.getRun(), decision.getApplication()));
    }

    private Chain begin(String run, String application) {
        Chain chain = new Chain(run, application);
        ofRun(run).add(chain);
        return chain;
    }

    private List<Chain> ofRun(String run) {
        return chains.computeIfAbsent(run, key -> new ArrayList<>());
    }

    /** The chains so far, by run. */
    public List<Chain> chains() {
        return chains.values().stream().flatMap(List::stream).toList();
    }

    /** The decisions of one application on one run. */
    public static final class Chain {

        private final String run;
        private String application;
        private final List<String> hashes = new ArrayList<>();
        private @Nullable Finding finding;

        private Chain(String run, String application) {
            this.run = run;
            this.application = application;
        }

        private void add(@Nullable String key, Decision decision, Place place) {
            Optional<Flaw> flaw = flawOf(key, decision);
            if (flaw.isPresent()) {
                found(new Finding(flaw.get(), decision.getSequence(), place, explain(flaw.get(), decision)));
            } else if (finding == null) {
                hashes.add(decision.getHash());
                application = application.isEmpty() ? decision.getApplication() : application;
            }
        }

        private void found(Finding first) {
            if (finding == null) {
                finding = first;
            }
        }

        private boolean isContinuedBy(Decision decision) {
            boolean isAcrossReleases =
                    application.isEmpty() || decision.getApplication().isEmpty();
            return isAcrossReleases
                    && !hashes.isEmpty()
                    && decision.getPreviousHash().equals(head());
        }

        private Optional<Flaw> flawOf(@Nullable String key, Decision decision) {
            if (!decision.getRun().equals(key)) {
                return Optional.of(Flaw.MISPLACED);
            }
            if (!DecisionChain.isIntact(decision)) {
                return Optional.of(Flaw.ALTERED);
            }
            return decision.getSequence() == hashes.size() ? linkFlaw(decision) : Optional.of(orderFlaw(decision));
        }

        private Optional<Flaw> linkFlaw(Decision decision) {
            return decision.getPreviousHash().equals(head()) ? Optional.empty() : Optional.of(Flaw.FORKED);
        }

        private Flaw orderFlaw(Decision decision) {
            if (decision.getSequence() > hashes.size()) {
                return hashes.isEmpty() ? Flaw.FRONT_MISSING : Flaw.GAP;
            }
            return hashes.contains(decision.getHash()) ? Flaw.REPEATED : Flaw.FORKED;
        }

        private String explain(Flaw flaw, Decision decision) {
            long sequence = decision.getSequence();
            return switch (flaw) {
                case MISPLACED -> "its key is not its run";
                case ALTERED -> "its hash is not that of its content";
                case FRONT_MISSING ->
                    "the chain begins with it: decisions 0 to " + (sequence - 1) + " were cut off or have expired";
                case GAP -> "decisions " + hashes.size() + " to " + (sequence - 1) + " are missing before it";
                case REPEATED -> "it stands in the topic already";
                default -> "it does not follow decision " + (sequence - 1) + " of this chain";
            };
        }

        /** The run. */
        public String run() {
            return run;
        }

        /** Who decided; empty when only older releases did. */
        public String application() {
            return application;
        }

        /** How many decisions are proved to follow from one another. */
        public long decisions() {
            return hashes.size();
        }

        /** Hash of the last decision that was proved; empty when there is none. Note it elsewhere: it stands for all before it. */
        public String head() {
            return hashes.isEmpty() ? "" : hashes.get(hashes.size() - 1);
        }

        /** Whether a decision with this hash is among those that were proved. */
        public boolean contains(String hash) {
            return hashes.contains(hash);
        }

        /** The first record that is not as it should be; empty when all are. */
        public Optional<Finding> finding() {
            return Optional.ofNullable(finding);
        }
    }
}
