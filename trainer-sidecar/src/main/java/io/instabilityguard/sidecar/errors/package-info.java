/** How the sidecar speaks of trouble: each distinct error once, with a count. */
@NullMarked
package io.instabilityguard.sidecar.errors;

import org.jspecify.annotations.NullMarked;
