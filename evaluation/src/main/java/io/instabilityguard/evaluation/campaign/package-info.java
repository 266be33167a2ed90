/** The campaign: a plan of scenarios, methods and seeds is trained run by run into a store that survives interruption. */
@NullMarked
package io.instabilityguard.evaluation.campaign;

import org.jspecify.annotations.NullMarked;
