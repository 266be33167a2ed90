/**
 * The bridge to the trainer's hook: the socket, its messages and the staging file of weights. Knows nothing of numerics,
 * of Kafka or of what the messages are for.
 */
@NullMarked
package io.instabilityguard.sidecar.frame;

import org.jspecify.annotations.NullMarked;
