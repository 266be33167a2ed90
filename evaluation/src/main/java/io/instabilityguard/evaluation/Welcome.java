package io.instabilityguard.evaluation;

import java.nio.file.Path;

/** What {@code guard up} says once it is ready. */
final class Welcome {
    private Welcome() {}

    static String of(Endpoints endpoints, Path folder, String dashboard) {
        return """
            Instability Guard is up; Ctrl-C stops it.

              dashboard  %4$s
              socket     %1$s
              broker     %2$s
              data       %3$s

            Three lines in your training script (pip install ./trainer-sidecar/src/main/python):

              guard = InstabilityGuard.attach(model, optimizer, run_id="my-run", socket="%1$s")
              guard.step(step, loss=loss, gradient_norm=norm)    # after optimizer.step()
              guard.close()

            """.formatted(endpoints.socket(), endpoints.bootstrapServers(), folder, dashboard);
    }
}
