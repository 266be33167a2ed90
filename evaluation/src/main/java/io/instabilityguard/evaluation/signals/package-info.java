/** How well single signals tell runs that will be lost from runs that will not, offline, from recorded telemetry. */
@NullMarked
package io.instabilityguard.evaluation.signals;

import org.jspecify.annotations.NullMarked;
