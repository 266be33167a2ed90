/** Messages about incidents, to chat, pager or program: one incident is one run and one cause. */
@NullMarked
package io.instabilityguard.guard.notification;

import org.jspecify.annotations.NullMarked;
