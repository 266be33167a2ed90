/** Training runs as processes of their own: plain PyTorch, with or without the guard's hook. */
@NullMarked
package io.instabilityguard.evaluation.trainer;

import org.jspecify.annotations.NullMarked;
