/** The operator's console: commands that read the guard's topics and write what operators may write. */
@NullMarked
package io.instabilityguard.guard.console;

import org.jspecify.annotations.NullMarked;
