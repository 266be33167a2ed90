package io.instabilityguard.guard.view.http;

import io.instabilityguard.guard.anomaly.WatchReport;
import io.instabilityguard.guard.intervention.InterventionReport;
import io.javalin.http.Context;
import io.javalin.http.MisdirectedRequestResponse;
import io.javalin.http.NotFoundResponse;
import java.util.Optional;

/** Answers how far the detectors of a run are from an alarm: from the stores of this process, or by asking the guard that holds them. */
final class WatchApi {

    private final WatchSource watches;
    private final Peers peers;

    WatchApi(WatchSource watches, Peers peers) {
        this.watches = watches;
        this.peers = peers;
    }

    private record WatchPage(String run, String layer, WatchReport watch, InterventionReport interventions) {}

    void watch(Context context) {
        String run = context.pathParam("run");
        String layer = Optional.ofNullable(context.queryParam("layer")).orElse("");
        WatchAnswer answer = watches.of(run, layer);
        if (answer instanceof WatchAnswer.Here here) {
            Api.answer(context, new WatchPage(run, layer, here.watch(), here.interventions()));
        } else if (answer instanceof WatchAnswer.At peer) {
            peers.pass(context, peer);
        } else if (answer instanceof WatchAnswer.Moving moving) {
            throw Peers.later(context, moving.reason());
        } else if (answer instanceof WatchAnswer.OutOfReach other) {
            throw new MisdirectedRequestResponse(other.reason());
        } else if (answer instanceof WatchAnswer.Nowhere nowhere) {
            throw new NotFoundResponse(nowhere.reason());
        }
    }
}
