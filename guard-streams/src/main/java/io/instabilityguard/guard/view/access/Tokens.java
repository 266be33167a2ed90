package io.instabilityguard.guard.view.access;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Who has a token.
 *
 * @param byHash whose token has which hash
 */
public record Tokens(Map<TokenHash, Principal> byHash) {

    /** Nobody. */
    public static final Tokens NONE = new Tokens(Map.of());

    /** Keeps its own copy. */
    public Tokens {
        byHash = Map.copyOf(byHash);
    }

    /** These and one more. */
    public Tokens with(String token, Principal principal) {
        Map<TokenHash, Principal> more = new LinkedHashMap<>(byHash);
        more.put(TokenHash.of(token), principal);
        return new Tokens(more);
    }

    /** Whose token this is; looks at all of them, so that the time tells nothing. */
    public Optional<Principal> owner(String token) {
        TokenHash hash = TokenHash.of(token);
        Principal owner = null;
        for (Map.Entry<TokenHash, Principal> entry : byHash.entrySet()) {
            owner = entry.getKey().matches(hash) ? entry.getValue() : owner;
        }
        return Optional.ofNullable(owner);
    }

    /** Whether nobody has one. */
    public boolean isEmpty() {
        return byHash.isEmpty();
    }

    @Override
    public String toString() {
        return byHash.values().toString();
    }
}
