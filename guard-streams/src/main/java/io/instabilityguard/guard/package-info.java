/** The guard: telemetry in, anomalies, decisions and commands out. Start at {@code GuardTopology}. */
@NullMarked
package io.instabilityguard.guard;

import org.jspecify.annotations.NullMarked;
