/** From samples to findings: one class per shape of trouble, the metric being a parameter; and the processor that keeps their state. */
@NullMarked
package io.instabilityguard.guard.anomaly;

import org.jspecify.annotations.NullMarked;
