package io.instabilityguard.guard.view.http;

import io.instabilityguard.guard.view.access.Role;
import io.javalin.security.RouteRole;

/**
 * What a route asks of those who use it.
 *
 * @param role at least
 * @param isForPeers whether another guard may use it, too, whatever its role
 */
record Needs(Role role, boolean isForPeers) implements RouteRole {

    static final Needs NOTHING = new Needs(Role.ANYONE, false);
    static final Needs VIEWER = new Needs(Role.VIEWER, false);
    static final Needs VIEWER_OR_PEER = new Needs(Role.VIEWER, true);
    static final Needs OPERATOR = new Needs(Role.OPERATOR, false);
    static final Needs ADMIN = new Needs(Role.ADMIN, false);
}
