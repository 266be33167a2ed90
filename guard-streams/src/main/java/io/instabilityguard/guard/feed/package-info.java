/** What the topics tell, record by record, for those who show, count or pass it on. */
@NullMarked
package io.instabilityguard.guard.feed;

import org.jspecify.annotations.NullMarked;
