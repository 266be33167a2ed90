package io.instabilityguard.evaluation.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * What work on this thread took.
 *
 * @param allocatedBytes memory allocated in all, whether it was given back or not
 * @param cpuNanos time on the processor
 */
record Cost(long allocatedBytes, long cpuNanos) {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** What this thread has cost up to now. */
    static Cost soFar() {
        return new Cost(THREADS.getCurrentThreadAllocatedBytes(), THREADS.getCurrentThreadCpuTime());
    }

    Cost since(Cost earlier) {
        return new Cost(allocatedBytes - earlier.allocatedBytes, cpuNanos - earlier.cpuNanos);
    }
}
