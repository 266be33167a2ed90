/** The demo: the same seed trained without and with the guard, watched live and reported. */
@NullMarked
package io.instabilityguard.evaluation.demo;

import org.jspecify.annotations.NullMarked;
