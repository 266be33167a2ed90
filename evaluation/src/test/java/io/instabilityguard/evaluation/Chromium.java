package io.instabilityguard.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.deque.html.axecore.results.CheckedNode;
import com.deque.html.axecore.results.Rule;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Browser.NewContextOptions;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType.LaunchOptions;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Page.ScreenshotOptions;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The machine's own Chromium, without a window. Pages that complain on their console fail the test. */
final class Chromium implements AutoCloseable {
    private static final List<String> PLACES =
            List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");
    private static final int PATIENCE_MS = 60_000;

    private final Playwright playwright;
    private final Browser browser;

    Chromium(Path program) {
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright
                .chromium()
                .launch(new LaunchOptions()
                        .setExecutablePath(program)
                        .setArgs(List.of("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")));
    }

    /** Where it is on this machine, if it is. */
    static Optional<Path> program() {
        return Stream.concat(Stream.ofNullable(System.getenv("GUARD_CHROMIUM")), PLACES.stream())
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** A browser of one person, with the cookies of nobody else. */
    BrowserContext person(ColorScheme scheme, int width, int height) {
        BrowserContext context = browser.newContext(
                new NewContextOptions().setColorScheme(scheme).setViewportSize(width, height));
        context.setDefaultTimeout(PATIENCE_MS);
        return context;
    }

    /** That a reader with a keyboard, a screen reader or weak eyes can use the page, as far as a machine can tell. */
    static void checkAccessibility(Page page) {
        List<Rule> violations = new AxeBuilder(page).analyze().getViolations();
        assertThat(violations.stream().map(Chromium::described)).as(page.url()).isEmpty();
    }

    private static String described(Rule rule) {
        return rule.getId() + ": " + rule.getHelp() + " "
                + rule.getNodes().stream().map(CheckedNode::getHtml).limit(3).toList();
    }

    /** That the page is no wider than the window. */
    static void checkWidth(Page page) {
        Object excess =
                page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assertThat(excess).as(page.url()).isEqualTo(0);
    }

    /** Keeps a picture in the folder that GUARD_SCREENSHOTS names, if it does. */
    static void picture(Page page, String name) {
        String folder = System.getenv("GUARD_SCREENSHOTS");
        if (folder != null) {
            page.screenshot(new ScreenshotOptions()
                    .setPath(Path.of(folder, name + ".png"))
                    .setFullPage(true));
        }
    }

    @Override
    public void close() {
        browser.close();
        playwright.close();
    }
}
