package io.instabilityguard.schemas.signature;

/** Why a record is not believed. */
public enum SignatureProblem {
    /** No signature, no key id, or several of them. */
    UNSIGNED("it is not signed"),
    /** Nobody here has the public key of that id. */
    UNKNOWN_KEY("it is signed with a key that is not trusted here"),
    /** The signature is not that of this value under this key of this topic. */
    ALTERED("its signature does not fit: it was altered, or moved to another key or topic");

    private final String reason;

    SignatureProblem(String reason) {
        this.reason = reason;
    }

    /** In words, for people. */
    public String reason() {
        return reason;
    }
}
