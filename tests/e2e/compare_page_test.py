#!/usr/bin/env python3
"""Opens the page of `eddy compare --html` in headless Chromium, if that is installed, on a phone and on a desk.

usage: compare_page_test.py PROGRAM
"""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = str(Path(sys.argv.pop(1)).resolve())
CHROMIUM = shutil.which("chromium")
TINY = ["--repetitions", "3", "--sizes", "idle_waiters=10,20,1000", "--sizes", "fork_join=6,7,8",
        "--sizes", "mixed=4", "--sizes", "echo=4", "--sizes", "blocking=5,200", "--sizes", "cpu_bound=5", "--sizes", "mixed_server=200",
        "--models", "threads,one_core,all_cores,on_loop,thread_pool,process_pool,tbb_executor,tbb"]
PHONE, DESK = 390, 1280
TEXT_PX_LEAST = 11  # what can be read on a phone

# Before the page's own scripts: what goes wrong is kept.
WATCH = """<script>
window.wrong = [];
addEventListener("error", event => wrong.push(event.message));
addEventListener("unhandledrejection", event => wrong.push(String(event.reason)));
addEventListener("securitypolicyviolation", event => wrong.push("blocked: " + event.blockedURI));
for (const name of ["error", "warn"]) console[name] = (...words) => wrong.push(words.join(" "));
</script>"""

# After them: opens everything that can be opened, and looks at what is there.
LOOK = """<script>
addEventListener("load", () => setTimeout(() => {
    document.querySelectorAll("details").forEach(each => { each.open = true; });
    const root = document.documentElement;
    const isColourful = (red, green, blue) => Math.max(red, green, blue) - Math.min(red, green, blue) > 60;
    const plots = [...document.querySelectorAll("canvas")].map(canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let drawn = 0, colourful = 0;
        for (let at = 0; at < data.length; at += 4) {
            drawn += data[at + 3] > 0;
            colourful += data[at + 3] > 128 && isColourful(data[at], data[at + 1], data[at + 2]);
        }
        return { label: canvas.getAttribute("aria-label"), pixels: canvas.width * canvas.height, drawn, colourful,
                 left: canvas.getBoundingClientRect().left, right: canvas.getBoundingClientRect().right };
    });
    const axes = Object.values(Chart.instances).flatMap(chart => Object.values(chart.scales).map(scale => ({
        type: scale.type, title: scale.options.title.text, labels: scale.getLabels ? scale.getLabels() : [],
        ticks: scale.ticks.length, shown: scale.ticks.map(tick => tick.label).filter(Boolean) })));
    parent.postMessage(JSON.stringify({
        wrong, plots, axes, width: innerWidth, scroll: root.scrollWidth,
        back: getComputedStyle(document.body).backgroundColor,
        smallest: Math.min(...[...document.querySelectorAll("main td, main th, main p, main li")]
            .map(each => parseFloat(getComputedStyle(each).fontSize))),
        text: document.getElementById("page").innerText,
        fetched: performance.getEntriesByType("resource").map(each => each.name),
    }), "*");
}, 200));
</script>"""

FRAME = """<!DOCTYPE html><body><pre id="seen"></pre>
<script>addEventListener("message", event => {{ document.getElementById("seen").textContent = event.data; }});</script>
<iframe style="border: 0; width: {width}px; height: 900px" srcdoc="{page}"></iframe>"""


def run(*arguments, **options):
    return subprocess.run([PROGRAM, "compare", *arguments], capture_output=True, text=True, timeout=120, **options)


def opened(page, width, folder, *more):
    """What LOOK sees in the page when it is `width` wide. In a frame: no window is as narrow as a phone."""
    watched = page.replace("<head>", "<head>" + WATCH, 1).replace("</body>", LOOK + "</body>", 1)
    frame = Path(folder, "frame.html")
    frame.write_text(FRAME.format(width=width, page=html.escape(watched)))
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--window-size=1400,1000",
         f"--user-data-dir={folder}/profile", *more, "--dump-dom", frame.as_uri()],
        capture_output=True, text=True, timeout=120, env={**os.environ, "HOME": str(folder)})
    seen = re.search(r'<pre id="seen">(.+?)</pre>', done.stdout, re.DOTALL)
    if not seen:
        raise AssertionError(f"the page did not come up: {done.stdout[:500]} {done.stderr[-2000:]}")
    return json.loads(html.unescape(seen[1]))


def setUpModule():
    """Makes the page that all tests look at."""
    global made
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    made = page_made_in(Path(folder.name))


class page_made_in:
    def __init__(self, folder):
        self.folder = folder
        first = run(*TINY, "--json", folder / "first.json")
        assert first.returncode == 0, first.stderr
        done = run(*TINY, "--json", folder / "compare.json", "--html", folder / "compare.html",
                   "--baseline", folder / "first.json")
        assert done.returncode in (0, 4, 5), done.stderr
        self.text = Path(folder, "compare.html").read_text()
        self.record = json.loads(Path(folder, "compare.json").read_text())


class a_page(unittest.TestCase):

    def test_has_the_same_record_as_the_json_file(self):
        text = re.search(r'<script type="application/json" id="record">(.*?)</script>', made.text, re.DOTALL)[1]
        self.assertEqual(json.loads(text), made.record)

    def test_loads_nothing(self):
        self.assertNotRegex(made.text, r"(?i)<(?:script|link|img|iframe)[^>]*\s(?:src|href)\s*=")
        self.assertIn("default-src 'none'", made.text)

    def test_keeps_the_licence_of_the_library_that_draws(self):
        self.assertIn("Released under the MIT License", made.text)
        self.assertIn("The above copyright notice and this permission notice shall be included", made.text)


@unittest.skipUnless(CHROMIUM, "chromium is not installed: EDDY_TEST_SERVERS=1 ./eddy test installs it")
class in_a_browser(unittest.TestCase):
    def seen_at(self, width, *more):
        seen = opened(made.text, width, made.folder, *more)
        self.assertEqual(seen["wrong"], [])
        self.assertEqual(seen["width"], width)
        return seen

    def test_every_plot_is_drawn(self):
        for width in PHONE, DESK:
            seen = self.seen_at(width)
            headings = [plot["label"] for plot in seen["plots"]]
            for part in ("Until all of them wait", "A round trip", "Per fork", "How late a timer of the rest was",
                         "From question to answer", "Time until all have returned", "From when a light request was due", "Every value against its earlier one"):
                self.assertTrue(any(part.lower() in heading.lower() for heading in headings), (part, headings))
            for plot in seen["plots"]:
                with self.subTest(width=width, plot=plot["label"]):
                    self.assertGreater(plot["drawn"], plot["pixels"] // 200)
                    self.assertGreater(plot["colourful"], 40)  # points in the colours of models
                    self.assertGreaterEqual(plot["left"], 0)
                    self.assertLessEqual(plot["right"], width)

    def test_nothing_is_wider_than_the_screen(self):
        for width in PHONE, DESK:
            seen = self.seen_at(width)
            self.assertLessEqual(seen["scroll"], width)

    def test_the_text_is_large_enough_for_a_phone(self):
        self.assertGreaterEqual(self.seen_at(PHONE)["smallest"], TEXT_PX_LEAST)

    def test_axes_of_values_say_their_unit(self):
        axes = [axis for axis in self.seen_at(DESK)["axes"] if axis["title"] and axis["type"] != "category"]
        self.assertGreater(len(axes), 6)
        values = [axis["title"] for axis in axes if axis["title"].startswith(("time", "memory"))]
        self.assertGreater(len(values), 4)
        for title in values:
            self.assertRegex(title, r"\((?:ns|µs|ms|s|B|KiB|MiB)\b")
        self.assertTrue(any("log scale" in title for title in values), values)
        self.assertTrue(all(axis["ticks"] >= 2 for axis in axes), axes)

    def test_the_axis_of_ratios_shows_where_nothing_has_changed(self):
        for width in PHONE, DESK:
            ratios = [axis for axis in self.seen_at(width)["axes"] if (axis["title"] or "").startswith("now ÷ then")]
            self.assertEqual(len(ratios), 1)
            self.assertIn("1\u00a0×", ratios[0]["shown"])

    def test_says_in_words_what_was_found(self):
        text = self.seen_at(PHONE)["text"]
        for finding in sum(made.record["findings"].values(), []):
            self.assertIn(" ".join(finding.split()), " ".join(text.split()))
        self.assertIn(made.record["machine"]["cpu"], text)
        self.assertIn(made.record["baseline"]["summary"], text)
        self.assertIn("a oneTBB task must not block", text)

    def test_a_comparison_that_measured_nothing_is_a_page_without_plots(self):
        path = made.folder / "nothing.html"
        done = run("--workloads", "mixed", "--models", "tbb", "--sizes", "mixed=3000", "--cell-seconds", "1",
                   "--html", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = opened(path.read_text(), PHONE, made.folder)
        self.assertEqual((seen["wrong"], seen["plots"]), ([], []))
        self.assertIn("No model did this.", seen["text"])
        self.assertIn("took longer than 1 s", seen["text"])

    def test_is_dark_where_the_reader_likes_it_dark(self):
        light = self.seen_at(PHONE)["back"]
        dark = self.seen_at(PHONE, "--blink-settings=preferredColorScheme=0")["back"]
        self.assertEqual([light, dark], ["rgb(251, 251, 249)", "rgb(20, 23, 26)"])


class a_page_that_cannot_be_made(unittest.TestCase):
    def refused(self, library, *arguments):
        done = run(*arguments, env={**os.environ, "EDDY_CHART_JS": str(library)})
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        return done.stderr

    def test_without_the_library_the_package_is_named_before_the_run(self):
        with tempfile.TemporaryDirectory() as folder:
            message = self.refused("/no/such/chart.js", "--html", Path(folder, "page.html"))
            self.assertEqual(os.listdir(folder), [])
        self.assertIn("/no/such/chart.js cannot be read", message)
        self.assertIn("install the package libjs-chart.js", message)

    def test_a_file_that_is_not_the_library_is_refused(self):
        self.assertIn(f"{__file__} is not Chart.js", self.refused(__file__, "--html", "/dev/null"))

    def test_a_path_that_cannot_be_written_is_refused_before_the_run(self):
        done = run("--html", "/no/such/folder/page.html")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("cannot write /no/such/folder/page.html", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
