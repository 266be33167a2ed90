/** The HTTP interface: pages, JSON, live updates, probes; and who may use them. */
@NullMarked
package io.instabilityguard.guard.view.http;

import org.jspecify.annotations.NullMarked;
