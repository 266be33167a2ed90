package io.instabilityguard.evaluation.fuzz;

import java.util.List;
import java.util.Map;

/**
 * What a campaign found.
 *
 * @param inputs how many inputs were read
 * @param seed that made them
 * @param commit of the code that read them
 * @param seconds it took
 * @param byTarget what each target did with its share
 * @param findings what must not be, one per cause; empty when all is well
 */
record FuzzReport(
        long inputs, long seed, String commit, double seconds, Map<String, Tally> byTarget, List<Finding> findings) {}
