/** What one forward pass at initialisation says about a run before it is trained. */
@NullMarked
package io.instabilityguard.evaluation.preflight;

import org.jspecify.annotations.NullMarked;
