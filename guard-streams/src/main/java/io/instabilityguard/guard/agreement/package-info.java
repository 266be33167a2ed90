/** Where two policies agree about a run, and where not. */
@NullMarked
package io.instabilityguard.guard.agreement;

import org.jspecify.annotations.NullMarked;
