/** What the topics say about a run while it trains, kept for people: events, spectra, latencies. */
@NullMarked
package io.instabilityguard.evaluation.history;

import org.jspecify.annotations.NullMarked;
