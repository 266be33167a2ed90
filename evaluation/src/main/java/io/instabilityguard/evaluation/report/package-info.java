/** The report of a run as one HTML page without any other file: charts are SVG drawn here. */
@NullMarked
package io.instabilityguard.evaluation.report;

import org.jspecify.annotations.NullMarked;
