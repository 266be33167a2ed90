package io.instabilityguard.guard.anomaly;

import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.policy.PolicyException;
import io.instabilityguard.guard.policy.PolicyReader;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.kafka.streams.state.KeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The policies in force, and the text of every policy that a watch has been stored under, by hash: baselines mean something only under the policy that they
 * were learned under, which may have been replaced while no guard ran. An entry per policy ever used; none is dropped.
 */
final class PolicyStore {

    private static final Logger LOG = LoggerFactory.getLogger(PolicyStore.class);

    private final PolicyBook book;
    private final Function<String, Policy> policyOf;
    private final KeyValueStore<String, String> texts;
    private final Map<String, Policy> kept = new HashMap<>();

    PolicyStore(PolicyBook book, Function<String, Policy> policyOf, KeyValueStore<String, String> texts) {
        this.book = book;
        this.policyOf = policyOf;
        this.texts = texts;
    }

    /** The policy that a run is watched under. */
    Policy of(String run) {
        return policyOf.apply(run);
    }

    /** The most runs to watch: the process's own limit, since no run's policy can say that. */
    int mostRuns() {
        return book.base().limits().runs();
    }

    /** Remembers a policy by its hash. */
    void keep(Policy policy) {
        if (kept.containsKey(policy.hash())) {
            return;
        }
        if (texts.get(policy.hash()) == null) {
            texts.put(policy.hash(), policy.text());
        }
        kept.put(policy.hash(), policy);
    }

    /** The policy with this hash, or with this hash as release v2 took it; empty when it is not known, or can no longer be read. */
    Optional<Policy> learnedUnder(String hash) {
        Policy known = kept.get(hash);
        if (known != null) {
            return Optional.of(known);
        }
        if (hash.equals(book.base().hash()) || hash.equals(book.base().hashAsOfV2())) {
            return Optional.of(book.base());
        }
        return Optional.ofNullable(texts.get(hash)).flatMap(text -> restore(hash, text));
    }

    private Optional<Policy> restore(String hash, String text) {
        try {
            Policy policy = PolicyReader.restore(text);
            kept.put(hash, policy);
            return Optional.of(policy);
        } catch (PolicyException e) {
            LOG.warn("policy {} was stored by another version of the guard and is not read: {}", hash, e.getMessage());
            return Optional.empty();
        }
    }
}
