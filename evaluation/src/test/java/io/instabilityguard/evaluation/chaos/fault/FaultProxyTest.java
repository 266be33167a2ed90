package io.instabilityguard.evaluation.chaos.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.instabilityguard.evaluation.chaos.fault.FaultProxy.Mode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FaultProxyTest {
    private ServerSocket server;
    private FaultProxy proxy;

    @BeforeEach
    void echo() throws IOException {
        server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        proxy = FaultProxy.to(server.getLocalPort());
        Thread thread = new Thread(this::echoAll);
        thread.setDaemon(true);
        thread.start();
    }

    @AfterEach
    void close() throws IOException {
        proxy.close();
        server.close();
    }

    @Test
    void shouldPassOnWhatIsSaid() throws IOException {
        try (Socket client = connect()) {
            assertThat(said(client, 7)).isEqualTo(7);
            proxy.become(Mode.DELAY);
            assertThat(said(client, 8)).isEqualTo(8);
            proxy.become(Mode.SLOW_DRAIN);
            assertThat(said(client, 9)).isEqualTo(9);
        }
    }

    @Test
    void shouldBreakConnectionsAndTakeNewOnesAgainLater() throws IOException {
        try (Socket client = connect()) {
            assertThat(said(client, 1)).isEqualTo(1);
            proxy.become(Mode.CUT);
            assertThat(isBroken(client)).isTrue();
        }
        try (Socket client = connect()) {
            assertThat(isBroken(client)).isTrue();
        }
        proxy.become(Mode.PASS);
        try (Socket client = connect()) {
            assertThat(said(client, 2)).isEqualTo(2);
        }
    }

    @Test
    void shouldSayNothingWhileItIsHalfOpenAndBreakAfterwards() throws IOException {
        proxy.become(Mode.HALF_OPEN);
        try (Socket client = connect()) {
            client.setSoTimeout(100);
            assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> said(client, 1));
            client.setSoTimeout(0);
            proxy.become(Mode.PASS);
            assertThat(isBroken(client)).isTrue();
        }
    }

    private Socket connect() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), proxy.port());
    }

    private static int said(Socket client, int value) throws IOException {
        client.getOutputStream().write(value);
        return client.getInputStream().read();
    }

    private static boolean isBroken(Socket client) {
        try {
            return said(client, 1) == -1;
        } catch (IOException e) {
            return true;
        }
    }

    private void echoAll() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                Thread thread = new Thread(() -> echo(client));
                thread.setDaemon(true);
                thread.start();
            } catch (IOException e) {
                return;
            }
        }
    }

    private static void echo(Socket client) {
        try (client) {
            client.getInputStream().transferTo(client.getOutputStream());
        } catch (IOException broken) {
            return;
        }
    }
}
