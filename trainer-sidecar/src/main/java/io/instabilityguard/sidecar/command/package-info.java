/** What the guard asks for, on its way from Kafka through the trainer to an outcome: at most once, whatever dies. */
@NullMarked
package io.instabilityguard.sidecar.command;

import org.jspecify.annotations.NullMarked;
