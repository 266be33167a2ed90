/** What the sidecar counts, for Prometheus. */
@NullMarked
package io.instabilityguard.sidecar.metrics;

import org.jspecify.annotations.NullMarked;
