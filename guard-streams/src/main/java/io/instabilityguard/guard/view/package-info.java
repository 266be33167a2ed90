/** What people look at: the runs as the guard's topics tell of them, served to browsers and programs. */
@NullMarked
package io.instabilityguard.guard.view;

import org.jspecify.annotations.NullMarked;
