package io.instabilityguard.evaluation.chaos;

import io.instabilityguard.evaluation.chaos.fault.Fault;
import io.instabilityguard.evaluation.chaos.fault.FaultProxy;
import io.instabilityguard.evaluation.chaos.fault.FaultProxy.Mode;
import io.instabilityguard.evaluation.process.ChildProcess;

/** Brings faults about and puts them right. Any thread. */
final class FaultHandler {
    private final ChaosLab lab;
    private final ChaosRun pair;
    private final ChaosRun solo;

    /** Faults to a lab in which these runs train. */
    FaultHandler(ChaosLab lab, ChaosRun pair, ChaosRun solo) {
        this.lab = lab;
        this.pair = pair;
        this.solo = solo;
    }

    /** Brings the fault about; what puts it right again. */
    Runnable inject(Fault fault) {
        return switch (fault.kind()) {
            case KILL_LEADER -> killed(lab.leaderOf(pair.id()).process());
            case SUSPEND_LEADER -> suspended(lab.leaderOf(pair.id()).process());
            case KILL_ACTIVE_GUARD -> killed(lab.ownerOf(pair.id()));
            case SUSPEND_ACTIVE_GUARD -> suspended(lab.ownerOf(pair.id()));
            case RESTART_ACTIVE_GUARD -> ended(lab.ownerOf(pair.id()));
            case KILL_STANDBY_GUARD -> killed(lab.guards().standby(lab.ownerOf(pair.id())));
            case REBALANCE -> visited(lab.guards().spare());
            case KILL_SIDECAR -> killed(sidecar(fault));
            case SUSPEND_SIDECAR -> suspended(sidecar(fault).process());
            case RESTART_SIDECAR -> ended(sidecar(fault));
            case KILL_TRAINER -> killed(solo, 0);
            case SUSPEND_TRAINER -> suspended(solo, 0);
            case KILL_RANK_0 -> killed(pair, 0);
            case KILL_RANK_1 -> killed(pair, 1);
            case SUSPEND_RANK_0 -> suspended(pair, 0);
            case SUSPEND_RANK_1 -> suspended(pair, 1);
            case DELAY -> disturbed(fault, Mode.DELAY);
            case CUT -> disturbed(fault, Mode.CUT);
            case HALF_OPEN -> disturbed(fault, Mode.HALF_OPEN);
            case SLOW_DRAIN -> disturbed(fault, Mode.SLOW_DRAIN);
            case FULL_STATE_DISK -> filled(lab.ownerOf(pair.id()), lab.guards().spare());
            case FULL_JOURNAL_DISK -> filled(sidecar(fault).process());
            case DUPLICATED_TELEMETRY, REORDERED_TELEMETRY, POISON_TELEMETRY -> tampered(fault);
        };
    }

    private Sidecar sidecar(Fault fault) {
        return lab.sidecars().get(fault.choice() % lab.sidecars().size());
    }

    private static Runnable killed(ChildProcess process) {
        process.kill();
        return process::revive;
    }

    private static Runnable killed(Sidecar sidecar) {
        sidecar.kill();
        return sidecar.process()::revive;
    }

    private static Runnable ended(ChildProcess process) {
        process.close();
        return process::revive;
    }

    private static Runnable ended(Sidecar sidecar) {
        sidecar.end();
        return sidecar.process()::revive;
    }

    private static Runnable suspended(ChildProcess process) {
        process.suspend();
        return process::revive;
    }

    private static Runnable filled(ChildProcess process) {
        process.refuseWrites();
        return process::revive;
    }

    /** A guard that runs has its state open; one that comes has to make its own. */
    private static Runnable filled(ChildProcess owner, ChildProcess newcomer) {
        owner.refuseWrites();
        newcomer.revive();
        newcomer.refuseWrites();
        return () -> {
            owner.revive();
            newcomer.close();
        };
    }

    private static Runnable visited(ChildProcess guard) {
        guard.revive();
        return guard::close;
    }

    private static Runnable killed(ChaosRun run, int rank) {
        run.kill(rank);
        return run::restart;
    }

    private static Runnable suspended(ChaosRun run, int rank) {
        run.suspend(rank);
        return run::resume;
    }

    private Runnable disturbed(Fault fault, Mode mode) {
        FaultProxy proxy = lab.proxies().get(fault.choice() % lab.proxies().size());
        proxy.become(mode);
        return () -> proxy.become(Mode.PASS);
    }

    private Runnable tampered(Fault fault) {
        Tampering tampering = new Tampering(lab.cluster().directServers(), fault);
        lab.poison().addAll(tampering.write(pair.id(), lab.reading().telemetryBytes(pair.id())));
        return () -> {};
    }
}
