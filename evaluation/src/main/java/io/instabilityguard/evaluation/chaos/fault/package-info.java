/** What goes wrong in a trial, when, and how it is brought about. */
@NullMarked
package io.instabilityguard.evaluation.chaos.fault;

import org.jspecify.annotations.NullMarked;
