/** Tests of the contracts, and what other modules' tests borrow: {@code Samples} and {@code FakeSchemaRegistry}. */
@NullMarked
package io.instabilityguard.schemas;

import org.jspecify.annotations.NullMarked;
