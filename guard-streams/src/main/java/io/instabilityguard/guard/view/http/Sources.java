package io.instabilityguard.guard.view.http;

import io.instabilityguard.guard.feed.FeedState;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyRow;
import io.instabilityguard.guard.view.board.Fleet;
import java.time.Clock;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What the server shows and where it passes on.
 *
 * @param fleet the runs
 * @param policy the policy in force for a run
 * @param policyRows the policy of the process, key by key
 * @param actions where operators' wishes go
 * @param feed how far the fleet can be trusted
 * @param metrics the process's metrics in Prometheus' text format; empty when there are none
 * @param clock tells the time
 */
public record Sources(
        Fleet fleet,
        Function<String, Policy> policy,
        List<PolicyRow> policyRows,
        ActionSink actions,
        Supplier<FeedState> feed,
        Supplier<String> metrics,
        Clock clock) {}
