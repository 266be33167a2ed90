/** What is normal for this run: pure estimators over numbers, without Kafka, Avro, clock or logging. */
@NullMarked
package io.instabilityguard.guard.baseline;

import org.jspecify.annotations.NullMarked;
