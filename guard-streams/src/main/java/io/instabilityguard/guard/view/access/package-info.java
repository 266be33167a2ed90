/** Who may look and who may act: tokens, sessions of browsers, rates. No HTTP in here. */
@NullMarked
package io.instabilityguard.guard.view.access;

import org.jspecify.annotations.NullMarked;
