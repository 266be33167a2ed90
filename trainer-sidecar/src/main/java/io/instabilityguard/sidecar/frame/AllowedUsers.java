package io.instabilityguard.sidecar.frame;

import com.sun.security.auth.module.UnixSystem;
import io.instabilityguard.sidecar.errors.DistinctErrors;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystems;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;

/**
 * The users whose processes may connect, told by the kernel and not by what the other side says (SO_PEERCRED). It comes on top of the modes
 * of socket and folder, which keep everyone but their owner and root out.
 */
public final class AllowedUsers {
    private final Set<UserPrincipal> users;

    private AllowedUsers(Set<UserPrincipal> users) {
        this.users = users;
    }

    /**
     * Users by name or number.
     *
     * @param names none: the user of this process
     * @throws IOException in one line that names who does not exist
     */
    public static AllowedUsers of(List<String> names) throws IOException {
        List<String> wanted = names.isEmpty() ? List.of(Long.toString(new UnixSystem().getUid())) : names;
        UserPrincipalLookupService lookup = FileSystems.getDefault().getUserPrincipalLookupService();
        Set<UserPrincipal> users = new HashSet<>();
        for (String name : wanted) {
            try {
                users.add(lookup.lookupPrincipalByName(name));
            } catch (UserPrincipalNotFoundException e) {
                throw new IOException("there is no user " + name + " (socket.allowed-users)", e);
            }
        }
        return new AllowedUsers(users);
    }

    /** Why this peer may not connect; empty when it may. */
    Optional<String> refusalOf(SocketChannel peer) {
        try {
            UserPrincipal user =
                    peer.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
            return users.contains(user)
                    ? Optional.empty()
                    : Optional.of("user " + user.getName() + " may not connect to this sidecar (socket.allowed-users)");
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.of("the system does not say who connects: " + DistinctErrors.describe(e));
        }
    }
}
