package io.instabilityguard.guard.console;

import picocli.CommandLine.Mixin;

/** What the commands share in which an operator acts: also who it is, and with which key it is signed. */
abstract class OperatorCommand extends ClusterCommand {

    @Mixin
    OperatorOptions operator = new OperatorOptions();

    @Mixin
    SigningOptions signing = new SigningOptions();
}
