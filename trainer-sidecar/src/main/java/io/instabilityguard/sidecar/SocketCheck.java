package io.instabilityguard.sidecar;

import io.instabilityguard.sidecar.DoctorMain.Line;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Whether a sidecar waits for trainers at its socket, and keeps everybody else out. */
final class SocketCheck {
    private static final String ABOUT = "Socket";
    private static final String START = "start a sidecar: ./guard up, or ./guard sidecar --config F";

    private final Path socket;
    private final boolean mustBeThere;

    private SocketCheck(Path socket, boolean mustBeThere) {
        this.socket = socket;
        this.mustBeThere = mustBeThere;
    }

    /** At the socket of a sidecar's configuration, where one must be; without one at the default, where none need be. */
    static Line of(Map<String, String> environment, Optional<Path> config) {
        try {
            Map<String, String> settings =
                    new TreeMap<>(config.map(SettingsFile::read).orElseGet(Map::of));
            Optional.ofNullable(environment.get("GUARD_SOCKET"))
                    .ifPresent(path -> settings.put(SidecarConfig.SOCKET, path));
            return new SocketCheck(SidecarConfig.of(settings).socket().toAbsolutePath(), config.isPresent()).line();
        } catch (ConfigException e) {
            return new Line(ABOUT, String.valueOf(e.getMessage()), "correct the sidecar's configuration");
        } catch (IOException e) {
            return new Line(ABOUT, "cannot be looked at: " + e, "run doctor as the user of the trainer");
        }
    }

    private Line line() throws IOException {
        Path folder = socket.resolveSibling(".").normalize();
        if (!Files.exists(socket)) {
            String finding = "none at " + socket + ": no sidecar runs here";
            return new Line(ABOUT, finding, mustBeThere ? START : "");
        }
        if (!hasMode(folder, "rwx------")) {
            return new Line(ABOUT, folder + " is open to others than its owner", "chmod 700 " + folder);
        }
        String user = System.getProperty("user.name");
        String owner = Files.getOwner(folder).getName();
        if (!owner.equals(user)) {
            return new Line(
                    ABOUT,
                    folder + " belongs to " + owner + ", not to " + user,
                    "run trainer and sidecar as one user, or let it in: socket.allowed-users");
        }
        if (!hasMode(socket, "rw-------")) {
            return new Line(ABOUT, socket + " is open to others than its owner", "chmod 600 " + socket);
        }
        return listened();
    }

    private Line listened() {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            return new Line(ABOUT, "a sidecar waits at " + socket, "");
        } catch (IOException e) {
            return new Line(ABOUT, "nobody listens at " + socket + ": its sidecar has died", START);
        }
    }

    private static boolean hasMode(Path path, String mode) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path))
                .equals(mode);
    }
}
