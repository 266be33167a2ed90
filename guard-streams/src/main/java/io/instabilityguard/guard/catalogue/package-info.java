/** What the topics of a cluster must be set to, and what is wrong with those that are not. */
@NullMarked
package io.instabilityguard.guard.catalogue;

import org.jspecify.annotations.NullMarked;
