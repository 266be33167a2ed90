package io.instabilityguard.guard.view.http;

import io.instabilityguard.guard.operator.OperatorValidation;
import io.instabilityguard.guard.policy.InterventionPolicy;
import io.instabilityguard.guard.policy.Policy;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.policy.PolicyChange;
import io.instabilityguard.guard.policy.PolicyRow;
import io.instabilityguard.guard.view.access.Principal;
import io.instabilityguard.guard.view.access.Role;
import io.instabilityguard.guard.view.access.Sessions.Session;
import io.instabilityguard.guard.view.board.RunBoard;
import io.instabilityguard.guard.view.board.RunBoard.MeasuredCost;
import io.instabilityguard.guard.view.board.RunSummary;
import io.instabilityguard.guard.view.board.RunSummary.Proposal;
import io.instabilityguard.schemas.AgreementTally;
import io.instabilityguard.schemas.OperatorAction;
import io.instabilityguard.schemas.ShadowAgreement;
import io.javalin.http.BadRequestResponse;
import io.javalin.http.ConflictResponse;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.http.NotFoundResponse;
import io.javalin.http.ServiceUnavailableResponse;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers what operators ask for, and passes on what they want. Every method is one route, as described in {@code openapi.yaml}. */
final class OperatorApi {

    private static final Logger LOG = LoggerFactory.getLogger(OperatorApi.class);

    private final Sources sources;
    private final Gate gate;

    OperatorApi(Sources sources, Gate gate) {
        this.sources = sources;
        this.gate = gate;
    }

    private record OpenProposal(
            String run,
            String health,
            long generation,
            long lastStep,
            Proposal proposal,
            String expectedEffect,
            MeasuredCost measuredCost,
            double budget,
            double stepEquivalentsSpent) {}

    private record Proposals(List<OpenProposal> items) {}

    private record PolicyPage(
            String hash, String mode, double budget, List<PolicyRow> rows, List<RevisionRow> revisions) {}

    private record RevisionRow(String pattern, String hash, String mode, List<PolicyChange> changes) {}

    private record Shadows(List<Shadow> items) {}

    private record Shadow(
            String run, long sinceStep, long step, String policyHash, String shadowHash, Tally alarms, Tally commands) {

        static Shadow of(ShadowAgreement agreement) {
            return new Shadow(
                    agreement.getRun(),
                    agreement.getSinceStep(),
                    agreement.getStep(),
                    agreement.getPolicyHash(),
                    agreement.getShadowHash(),
                    Tally.of(agreement.getAlarms()),
                    Tally.of(agreement.getCommands()));
        }
    }

    private record Tally(long both, long onlyShadow, long onlyInForce, long leadSteps) {

        static Tally of(AgreementTally tally) {
            return new Tally(tally.getBoth(), tally.getOnlyShadow(), tally.getOnlyInForce(), tally.getLeadSteps());
        }
    }

    private record WhoAmI(String name, Role role, @Nullable String csrfToken, boolean signedIn) {}

    private record Accepted(String id) {}

    /** Every proposal that waits, those of runs in alarm first. */
    void proposals(Context context) {
        List<OpenProposal> open = sources.fleet()
                .asking()
                .flatMap(run -> run.proposals().stream().map(proposal -> open(run, proposal)))
                .toList();
        Api.answer(context, new Proposals(open));
    }

    private OpenProposal open(RunSummary run, Proposal proposal) {
        Policy policy = sources.policies().of(run.run());
        InterventionPolicy intervention = policy.interventions().get(proposal.intervention());
        RunBoard board = sources.fleet().history(run.run()).orElseGet(RunBoard::new);
        return new OpenProposal(
                run.run(),
                run.health(),
                run.generation(),
                run.lastStep(),
                proposal,
                intervention == null ? "" : intervention.expectedEffect(),
                board.cost(proposal.kind()),
                policy.budget(),
                run.stepEquivalentsSpent());
    }

    /** The policy of the process, and what revisions from Kafka change of it for which runs. */
    void policy(Context context) {
        Policy base = sources.policies().base();
        List<RevisionRow> revisions = sources.policies().revisions().stream()
                .map(revision -> row(base, revision))
                .toList();
        Api.answer(
                context,
                new PolicyPage(base.hash(), base.mode().name(), base.budget(), sources.policyRows(), revisions));
    }

    /** Where shadow policies agree with those in force, run by run. */
    void shadows(Context context) {
        Api.answer(
                context,
                new Shadows(sources.fleet().shadows().stream().map(Shadow::of).toList()));
    }

    private static RevisionRow row(Policy base, PolicyBook.Revision revision) {
        Policy policy = revision.policy();
        return new RevisionRow(
                revision.pattern().text(), policy.hash(), policy.mode().name(), PolicyChange.between(base, policy));
    }

    /** Passes on what an operator wants. */
    void act(Context context) {
        String run = context.pathParam("run");
        ActionRequest request = request(context);
        Principal operator = gate.principal(context);
        OperatorAction action = request.action(
                UUID.randomUUID().toString(),
                run,
                operator.name(),
                sources.clock().millis());
        OperatorValidation.problemOf(run, action).ifPresent(problem -> {
            throw new BadRequestResponse(problem);
        });
        checkGeneration(run, request);
        LOG.info("operator {} asks to {} {} of {}", operator.name(), action.getKind(), action.getTarget(), run);
        sources.actions().send(action).ifPresent(problem -> {
            throw new ServiceUnavailableResponse(problem);
        });
        Api.answer(context.status(HttpStatus.ACCEPTED), new Accepted(action.getId()));
    }

    private void checkGeneration(String run, ActionRequest request) {
        RunSummary known = sources.fleet()
                .run(run)
                .orElseThrow(() -> new NotFoundResponse("the guard has published nothing about a run " + run));
        if (known.generation() != request.generation()) {
            throw new ConflictResponse("the trainer has been restarted: generation " + known.generation()
                    + " is training, and this was about " + request.generation());
        }
    }

    private static ActionRequest request(Context context) {
        try {
            return Json.read(context.bodyAsBytes(), ActionRequest.class);
        } catch (IOException e) {
            throw new BadRequestResponse("the body is not an action as the description of this interface says");
        }
    }

    /** Who asks. */
    void whoAmI(Context context) {
        Api.answer(
                context, whoAmI(gate.principal(context), gate.session(context).orElse(null)));
    }

    /** Begins a browser's session. */
    void signIn(Context context) {
        Session session = gate.signIn(context);
        Api.answer(context, whoAmI(session.principal(), session));
    }

    /** Ends it. */
    void signOut(Context context) {
        gate.signOut(context);
        context.status(HttpStatus.NO_CONTENT);
    }

    private static WhoAmI whoAmI(Principal principal, @Nullable Session session) {
        boolean signedIn = Stream.of(Role.values()).noneMatch(role -> principal.equals(Principal.anonymous(role)));
        return new WhoAmI(principal.name(), principal.role(), session == null ? null : session.csrfToken(), signedIn);
    }
}
