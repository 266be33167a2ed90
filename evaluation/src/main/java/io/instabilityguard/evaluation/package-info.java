/** The all-in-one process, the demo and the harness. The only module that sees both guard-streams and trainer-sidecar. */
@NullMarked
package io.instabilityguard.evaluation;

import org.jspecify.annotations.NullMarked;
