package io.instabilityguard.guard.console;

import picocli.CommandLine.Mixin;

/** What the commands share in which an operator acts: also who it is. */
abstract class OperatorCommand extends ClusterCommand {

    @Mixin
    OperatorOptions operator = new OperatorOptions();
}
