/** Trials in which processes, connections, disks and records fail on purpose, and what they prove. */
@NullMarked
package io.instabilityguard.evaluation.chaos;

import org.jspecify.annotations.NullMarked;
