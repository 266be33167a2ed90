/** Processes of this machine that can be killed, suspended and started again. */
@NullMarked
package io.instabilityguard.evaluation.process;

import org.jspecify.annotations.NullMarked;
