/** The policy: what is looked for, what is done about it, within which limits. YAML checked into records. */
@NullMarked
package io.instabilityguard.guard.policy;

import org.jspecify.annotations.NullMarked;
