package io.instabilityguard.guard.intervention;

import io.instabilityguard.guard.anomaly.Roster;
import io.instabilityguard.guard.anomaly.Roster.Member;
import io.instabilityguard.guard.policy.InterventionPolicy;
import io.instabilityguard.guard.policy.InterventionPolicy.Reach;
import io.instabilityguard.guard.policy.Kind.Target;
import io.instabilityguard.schemas.MatrixRole;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Chooses what a command touches. */
final class Targets {

    private Targets() {}

    /** Names of matrices in the order of the roster, or of blocks and mixers as the policy names them. */
    static List<String> of(InterventionPolicy settings, Roster roster) {
        Reach reach = settings.reach();
        if (reach.roles().isEmpty()) {
            return reach.names();
        }
        List<Member> members = roster.members().stream()
                .filter(member ->
                        reach.roles().contains(member.role()) && reach.depths().contains(member.depth()))
                .toList();
        List<Member> chosen = settings.kind().target() == Target.QUERY_KEY_PAIRS ? pairs(members) : members;
        return chosen.stream().map(Member::name).toList();
    }

    /** Those of blocks that have both a query and a key: one without the other cannot be clipped. */
    private static List<Member> pairs(List<Member> members) {
        Set<Integer> queries = depths(members, MatrixRole.QUERY);
        Set<Integer> keys = depths(members, MatrixRole.KEY);
        return members.stream()
                .filter(member -> queries.contains(member.depth()) && keys.contains(member.depth()))
                .toList();
    }

    private static Set<Integer> depths(List<Member> members, MatrixRole role) {
        return members.stream()
                .filter(member -> member.role() == role)
                .map(Member::depth)
                .collect(Collectors.toSet());
    }
}
