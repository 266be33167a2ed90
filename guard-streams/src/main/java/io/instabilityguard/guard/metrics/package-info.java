/** The guard's own metrics, derived from what it publishes; nothing of the topology knows of them. */
@NullMarked
package io.instabilityguard.guard.metrics;

import org.jspecify.annotations.NullMarked;
