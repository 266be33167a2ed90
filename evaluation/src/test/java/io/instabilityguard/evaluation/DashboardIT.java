package io.instabilityguard.evaluation;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions.ContainsTextOptions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import io.instabilityguard.evaluation.AllInOneConfig.GuardMode;
import io.instabilityguard.evaluation.history.HistoryRecorder;
import io.instabilityguard.evaluation.history.RunObserver;
import io.instabilityguard.evaluation.trainer.GuardedBy;
import io.instabilityguard.evaluation.trainer.Seeds;
import io.instabilityguard.evaluation.trainer.TrainerJob;
import io.instabilityguard.evaluation.trainer.TrainerProcess;
import io.instabilityguard.guard.policy.PolicyBook;
import io.instabilityguard.guard.policy.PolicyReader;
import io.instabilityguard.guard.policy.PolicyRow;
import io.instabilityguard.guard.view.View;
import io.instabilityguard.guard.view.access.Tokens;
import io.instabilityguard.guard.view.http.HttpConfig;
import io.instabilityguard.guard.view.http.WatchSource;
import io.instabilityguard.schemas.InterventionCommand;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The dashboard in a real browser, with a real trainer, sidecar, broker and topology behind it. */
class DashboardIT {
    private static final String RUN = "watched";
    private static final int STEP_MILLIS = 150;
    private static final int STEPS = 4_000;
    private static final int SOON_MS = 90_000;
    private static final Duration TRAINER_STARTS = Duration.ofMinutes(2);
    private final Path folder = Lab.folder();
    private final List<String> complaints = new ArrayList<>();

    @Test
    void shouldShowARunAndLetAnOperatorApprove() throws IOException {
        Optional<Path> program = Chromium.program();
        assumeTrue(program.isPresent(), "no Chromium on this machine: install it, or name it by GUARD_CHROMIUM");
        try (AllInOne all = AllInOne.start(Lab.in(GuardMode.APPROVE, folder, Optional.empty()));
                RunObserver observer = RunObserver.start(all.endpoints().bootstrapServers());
                Chromium chromium = new Chromium(program.get());
                TrainerProcess trainer = TrainerProcess.start(Lab.python(), job())) {
            HistoryRecorder recorder = new HistoryRecorder(RUN);
            observer.add(recorder);
            assertThat(recorder.awaitAnswer(0, TRAINER_STARTS)).isTrue();
            String address = all.serve(0);
            Page page = open(chromium.person(ColorScheme.LIGHT, 1280, 900), address);
            page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName(RUN))
                    .waitFor();
            approve(page);
            assertThat(trainer.isAlive()).isTrue();
            assertThat(recorder.history().commands())
                    .extracting(InterventionCommand::getApprover)
                    .contains("local");
            String home = address.substring(0, address.indexOf('#'));
            lookAround(chromium.person(ColorScheme.LIGHT, 1280, 900), home, "light");
            lookAround(chromium.person(ColorScheme.DARK, 375, 812), home, "phone");
            assertThat(complaints).isEmpty();
            reconnect(chromium, all.endpoints().bootstrapServers());
        }
    }

    private void approve(Page page) {
        page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("Approvals"))
                .first()
                .click();
        page.getByText("Why (for the ledger)").first().waitFor();
        Chromium.checkAccessibility(page);
        Chromium.picture(page, "approvals-light");
        page.getByLabel("Why (for the ledger)").first().fill("the evidence is plain");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Approve"))
                .first()
                .click();
        assertThat(page.locator("#answers"))
                .containsText("applied at step", new ContainsTextOptions().setTimeout(SOON_MS));
        Chromium.picture(page, "approved-light");
    }

    private void lookAround(BrowserContext person, String home, String name) {
        Page page = open(person, home);
        page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName(RUN)).waitFor();
        look(page, "fleet-" + name);
        page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName(RUN)).click();
        page.locator("#charts svg path.line").first().waitFor();
        page.locator("#commands table").waitFor();
        assertThat(page.locator("#watch table").first()).containsText("gradient-spike");
        Chromium.picture(page, "run-" + name);
        page.getByText("Layers as a table").click();
        page.locator("#grid table button").first().click();
        page.locator("#layer svg path.line").first().waitFor();
        assertThat(page.locator("#layer table caption")).containsText("Signals that look at this layer");
        page.locator("#entries summary").first().click();
        look(page, "layer-" + name);
        for (String other : List.of("ledger", "policy")) {
            page.navigate(home + other + ".html" + (other.equals("ledger") ? "?run=" + RUN : ""));
            page.locator("table").first().waitFor();
            look(page, other + "-" + name);
        }
        person.close();
    }

    private static void look(Page page, String name) {
        Chromium.picture(page, name);
        Chromium.checkAccessibility(page);
        Chromium.checkWidth(page);
    }

    /** The dashboard's process goes and comes back while somebody looks. */
    private void reconnect(Chromium chromium, String brokers) throws IOException {
        View.Instance instance = new View.Instance(
                new PolicyBook(PolicyReader.defaults(), null), PolicyRow.of(""), WatchSource.NONE, null, () -> "");
        Page page;
        URI address;
        try (View first = View.start(HttpConfig.local(0, Tokens.NONE), brokers, Map.of(), instance)) {
            address = URI.create(first.address());
            page = open(chromium.person(ColorScheme.LIGHT, 1280, 900), first.address());
            assertThat(page.locator(".live")).hasText("live");
            page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName(RUN))
                    .waitFor();
        }
        assertThat(page.locator(".banner")).containsText("Not connected to the guard");
        Chromium.picture(page, "disconnected-light");
        HttpConfig same = HttpConfig.local(address.getPort(), Tokens.NONE);
        try (View second = View.start(same, brokers, Map.of(), instance)) {
            assertThat(page.locator(".live")).hasText("live");
            assertThat(page.locator(".banner")).isEmpty();
            assertThat(second.address()).isEqualTo(address.toString());
            page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName(RUN))
                    .click();
            assertThat(page.locator("#watch")).containsText("no detectors in this process");
        }
    }

    private Page open(BrowserContext person, String address) {
        Page page = person.newPage();
        page.onConsoleMessage(message -> {
            if (message.type().equals("error")) {
                complaints.add(message.text());
            }
        });
        page.onPageError(complaints::add);
        page.navigate(address);
        return page;
    }

    /** It prints next to nothing, since nobody reads it. */
    private TrainerJob job() {
        GuardedBy guardedBy = GuardedBy.paced(Lab.socketIn(folder), RUN, STEP_MILLIS);
        return new TrainerJob("CS", TrainerJob.GUARD, Seeds.only(0), STEPS, false, STEPS, null, guardedBy);
    }
}
