package io.instabilityguard.guard.anomaly;

import io.instabilityguard.schemas.LayerSpectrum;
import io.instabilityguard.schemas.MatrixRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Every matrix seen in one generation of a run, numbered in the order of its first appearance, up to a limit; matrices beyond it are ignored,
 * so that a run can never take more than its share of memory.
 */
public final class Roster {

    private final int most;
    private final TreeMap<String, Integer> numbers = new TreeMap<>();
    private final List<Member> members = new ArrayList<>();

    /** An empty roster for at most {@code most} matrices. */
    public Roster(int most) {
        this.most = most;
    }

    /** The same matrices with the same numbers. */
    Roster copy() {
        return withRoomFor(most);
    }

    /** The same matrices with the same numbers, and room for {@code newMost}. */
    Roster withRoomFor(int newMost) {
        Roster roster = new Roster(newMost);
        members.forEach(roster::enter);
        return roster;
    }

    /** The number of a matrix, which is entered when it is new; -1 when the roster is full. */
    public int enter(LayerSpectrum layer) {
        Integer number = numbers.get(layer.getName());
        if (number != null) {
            return number;
        }
        return members.size() < most ? enter(new Member(layer.getName(), layer.getRole(), layer.getDepth())) : -1;
    }

    /** Enters a matrix that is new, and returns its number. */
    int enter(Member member) {
        members.add(member);
        numbers.put(member.name(), members.size() - 1);
        return members.size() - 1;
    }

    /** All matrices in the order of their numbers. */
    public List<Member> members() {
        return members;
    }

    /** The matrix with this name. */
    Optional<Member> member(String name) {
        return Optional.ofNullable(numbers.get(name)).map(members::get);
    }

    /** The depth of the block of this name, by its matrices; -1 when there are none. */
    int depthOfBlock(String name) {
        return members.stream()
                .filter(member -> member.name().startsWith(name + "."))
                .mapToInt(Member::depth)
                .findFirst()
                .orElse(-1);
    }

    /** Names of the matrices with one of these roles, in the order of their numbers. */
    public List<String> withRoles(Set<MatrixRole> roles) {
        return members.stream()
                .filter(member -> roles.contains(member.role()))
                .map(Member::name)
                .toList();
    }

    /** One matrix, and the index of its block (-1 for none). */
    public record Member(String name, MatrixRole role, int depth) {}
}
