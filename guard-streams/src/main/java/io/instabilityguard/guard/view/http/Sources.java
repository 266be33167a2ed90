package io.instabilityguard.guard.view.http;

import io.instabilityguard.guard.feed.FeedState;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.policy.PolicyRow;
import io.instabilityguard.guard.view.board.Fleet;
import java.time.Clock;
import java.util.List;
import java.util.function.Supplier;

/**
 * What the server shows and where it passes on.
 *
 * @param fleet the runs
 * @param policies which policy is in force for which run
 * @param policyRows the policy of the process, key by key
 * @param watches how the detectors stand
 * @param actions where operators' wishes go
 * @param feed how far the fleet can be trusted
 * @param metrics the process's metrics in Prometheus' text format; empty when there are none
 * @param clock tells the time
 */
public record Sources(
        Fleet fleet,
        PolicyBook policies,
        List<PolicyRow> policyRows,
        WatchSource watches,
        ActionSink actions,
        Supplier<FeedState> feed,
        Supplier<String> metrics,
        Clock clock) {}
