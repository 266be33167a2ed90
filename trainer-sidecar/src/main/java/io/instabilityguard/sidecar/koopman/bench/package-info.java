/** What profiles and Jacobians cost, beside the exact full eigenproblem. */
@NullMarked
package io.instabilityguard.sidecar.koopman.bench;

import org.jspecify.annotations.NullMarked;
