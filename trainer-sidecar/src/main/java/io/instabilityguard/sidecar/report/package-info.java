/** What the trainer said and the sidecar measured, on its way to Kafka without ever holding the trainer up. */
@NullMarked
package io.instabilityguard.sidecar.report;

import org.jspecify.annotations.NullMarked;
