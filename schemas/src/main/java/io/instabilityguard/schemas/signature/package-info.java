/**
 * Ed25519 signatures of records: who wrote a command is proved by its bytes and not by where they were read.
 *
 * <p>Start at {@link io.instabilityguard.schemas.signature.RecordSignature}.
 */
@NullMarked
package io.instabilityguard.schemas.signature;

import org.jspecify.annotations.NullMarked;
