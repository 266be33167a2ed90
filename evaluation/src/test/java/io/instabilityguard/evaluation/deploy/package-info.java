/** What lies under {@code deploy}: generated where it follows from the code, checked by the tools that will read it, and carried out. */
@NullMarked
package io.instabilityguard.evaluation.deploy;

import org.jspecify.annotations.NullMarked;
