package io.instabilityguard.guard.view.http;

import io.instabilityguard.guard.view.access.Role;
import io.javalin.security.RouteRole;

/**
 * What a route asks of those who use it.
 *
 * @param role at least
 */
record Needs(Role role) implements RouteRole {

    static final Needs NOTHING = new Needs(Role.ANYONE);
    static final Needs VIEWER = new Needs(Role.VIEWER);
    static final Needs OPERATOR = new Needs(Role.OPERATOR);
}
