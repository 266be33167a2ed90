/**
 * The words that both processes share: Avro records (generated from {@code src/main/avro}), the catalogue of topics, the bytes on
 * the wire and their signatures.
 *
 * <p>Start at {@link io.instabilityguard.schemas.Topics} and {@link io.instabilityguard.schemas.RecordSerdes}. No logic lives here.
 */
@NullMarked
package io.instabilityguard.schemas;

import org.jspecify.annotations.NullMarked;
