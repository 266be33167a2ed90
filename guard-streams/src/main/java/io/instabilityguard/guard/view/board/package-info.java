/** What is remembered of every run, bounded in number and bytes, in the terms of those who look at it: no Kafka, no HTTP. */
@NullMarked
package io.instabilityguard.guard.view.board;

import org.jspecify.annotations.NullMarked;
