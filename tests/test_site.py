"""The site: complete, whole without a network or a script, and usable by whoever cannot see it or has no mouse."""
import doctest
import importlib.util
import itertools
import json
import os
import re
import shutil
import socket
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib.colors import to_rgb

from course_utils import build, concepts, plots
from course_utils.exercises import REGISTRY
from course_utils.workspace import root

ROOT = root()
_spec = importlib.util.spec_from_file_location("course_site", ROOT / "tools" / "website.py")
maker = sys.modules["course_site"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(maker)


def no_network(*_, **__):
    raise AssertionError("the site is built without a network")


def made(out: Path, slug: str) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("socket", "create_connection", "getaddrinfo"):
            patch.setattr(socket, name, no_network)
        patch.setattr(build, "repository", lambda: slug)
        return maker.make(out)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return made(tmp_path_factory.mktemp("private") / "site", "")


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """The pages as they are once the course has a public home."""
    return parsed(made(tmp_path_factory.mktemp("public") / "site", "owner/name"))


def parsed(folder: Path) -> dict:
    return {file.name: BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser") for file in folder.glob("*.html")}


@pytest.fixture(scope="module")
def pages(site):
    return parsed(site)


@pytest.fixture(scope="module")
def index(site):
    text = (site / "search-index.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("window.COURSE_INDEX = ").rstrip().removesuffix(";"))


def test_every_notebook_and_worksheet_has_a_page_and_the_whole_is_small(site, pages):
    stems = [s.stem for s in build.sources()] + [f"worksheet_{f.stem}" for f in (ROOT / "worksheets").glob("*.md")]
    assert set(pages) == {f"{stem}.html" for stem in stems} | {"index.html", "model_card.html"}
    assert sum(f.stat().st_size for f in site.rglob("*") if f.is_file()) < 10e6


def outside(pages):
    """Whatever a browser would fetch from elsewhere; links that a reader follows are no such thing."""
    for name, page in pages.items():
        for tag in page.find_all(["link", "script", "img", "source", "iframe", "object", "embed", "video", "audio", "form"]):
            for key in ("src", "href", "srcset", "data", "action"):
                if re.match(r"(\w+:)?//|\w+:(?!image/svg)", tag.get(key, "").removeprefix("data:")):
                    yield name, str(tag)


def test_nothing_is_fetched_from_outside(site, public, pages):
    assert not list(outside(pages)) and not list(outside(public))
    bad = BeautifulSoup('<img src="https://x.org/a.png"><script src="//x.org/b.js"></script>', "html.parser")
    assert len(list(outside({"x": bad}))) == 2
    for file in ("style.css", "site.js"):
        assert not re.search(r"https?://|@import|url\(|fetch\(|XMLHttp|innerHTML|eval\(", (site / file).read_text("utf-8"))


def test_every_link_inside_leads_somewhere(site, pages, public):
    for folder in (pages, public):
        ids = {name: {tag["id"] for tag in page.find_all(id=True)} for name, page in folder.items()}
        for name, page in folder.items():
            assert len(page.find_all(id=True)) == len(ids[name]), f"{name}: an id occurs twice"
            for link in page.find_all("a"):
                file, _, anchor = link["href"].partition("#")
                if not re.match(r"https?:", file):
                    assert (file or name) in folder, f"{name}: {link}"
                    assert not anchor or anchor in ids[file or name], f"{name}: {link}"
            for tag in page.find_all(True):
                for key in ("aria-labelledby", "aria-describedby", "aria-controls", "for"):
                    assert key not in tag.attrs or tag[key] in ids[name], f"{name}: {tag.name} {key}"
            for image in page.find_all("img"):
                assert (site / image["src"]).exists() and len(image["alt"]) > 40


def test_search_knows_headings_paragraphs_tables_pictures_exercises_and_concepts(site, pages, index):
    def where(term):
        return {e["page"][:2] for e in index if term in e["head"] + e["text"]}
    assert {"02", "10"} <= where("population stability") | where("veto") and where("induction head") == {"mo"}
    assert where("Exercise drift.psi") == {"02"} and where("Same alarm, different bills") == {"02"}
    assert {e["head"] for e in index if e.get("concept")} == {c.name for p in concepts.PAIRS for c in (p.left, p.right)}
    ids = {name: {tag["id"] for tag in page.find_all(id=True)} for name, page in pages.items()}
    assert all(e["text"] and (not e["at"] or e["at"] in ids[e["page"]]) for e in index)
    assert len((site / "site.js").read_text().splitlines()) < 80


def test_the_map_is_the_way_in_and_needs_no_script(pages):
    front = pages["index.html"]
    rows = front.select(".map > li")
    assert len(rows) == 12 and front.find("form")["role"] == "search" and front.find("form").has_attr("hidden")
    for pair, row in zip(concepts.PAIRS, rows):
        assert row.a["href"] == pair.notebook.replace(".ipynb", ".html")
        assert [row.select_one(s).get_text() for s in (".left", "b", "i", ".right")] == \
            [pair.left.name, f"{pair.number:02d}", pair.question, pair.right.name]
    assert "Misconception: no chargeback yet means honest." in front.select_one("#look .note").get_text()
    assert '"""' not in front.select_one("#look .code").get_text() and front.select_one("#look img")
    links = {a["href"] for a in front.find_all("a")}
    for name, page in pages.items():
        assert name in links or name == "index.html"
        if name[:2].isdigit():
            assert {f"{name}#{h['id']}" for h in page.select("article h2")} <= links


def test_pages_follow_one_another(pages):
    books = sorted(name for name in pages if name[:2].isdigit())
    for left, right in itertools.pairwise(books):
        assert pages[left].select_one("a[rel=next]")["href"] == right
        assert pages[right].select_one("a[rel=prev]")["href"] == left
    assert all(len(pages[name].select(".toc a")) == len(pages[name].select("article h2, article h3")) for name in books)


def test_a_visitor_may_try_first(pages):
    shown = {}
    for page in pages.values():
        for section in page.select(".exercise"):
            key = section["aria-label"].removeprefix("Exercise ")
            shown[key] = section
            exercise = REGISTRY[key]
            for details in section.select("details"):
                assert not details.has_attr("open")
                details.extract()
                text = details.get_text()
                assert "A worked solution" not in text or (exercise.source().strip() in text and f"Correct: {key}" in text)
            assert exercise.stub().strip() in section.get_text()
            assert exercise.source().strip() not in section.get_text()
    assert set(shown) == set(REGISTRY)


def test_launch_badges_only_with_a_public_repository(site, public, pages):
    book = "02_data_drift_vs_model_drift"
    assert not pages[f"{book}.html"].select(".badge") and "github.com/owner" not in (site / f"{book}.html").read_text("utf-8")
    badges = {a.get_text(): a["href"] for a in public[f"{book}.html"].select(".badge")}
    assert set(badges) == {"Open in Binder", "Open in Colab"}
    assert all(address in build.badges(book, "owner/name") for address in badges.values())


def test_no_text_uses_mathematics_that_would_need_a_script():
    for source in build.sources():
        for cell in nbformat.read(build.target(source, True), as_version=4).cells:
            if cell.cell_type == "markdown":
                text = re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.S)
                assert "$" not in text and "\\(" not in text and "\\[" not in text, source.name


def test_landmarks_and_outline(pages):
    for name, page in pages.items():
        assert page.html["lang"] == "en-GB" and page.title.get_text().strip() and len(page.find_all("main")) == 1, name
        assert page.body.find("a")["href"] == "#main" and page.find(id="main") and page.find(attrs={"aria-live": "polite"})
        levels = [int(h.name[1]) for h in page.find_all(re.compile("^h[1-6]$"))]
        assert levels.count(1) == 1 and levels[0] == 1 and all(b - a <= 1 for a, b in itertools.pairwise(levels)), name
        for table in page.find_all("table"):
            assert "scroll" in table.parent["class"]
            assert table.find("th") or name.startswith("worksheet"), name
            assert all(th.get("scope") for th in table.find_all("th")), name
        assert not page.select("[onclick], [style*=color]:not(.note)") and not page.find("style")


def test_contrast_of_text_is_enough_in_both_schemes():
    css = (maker.ASSETS / "style.css").read_text("utf-8")
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", css, re.S)[:2])
    assert light["accent"] == plots.BLUE

    def luminance(colour):
        linear = np.array(to_rgb(colour))
        return np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    for scheme in (light, dark):
        for text, ground in itertools.product(("ink", "soft", "accent", "string", "comment"), ("paper", "wash")):
            low, high = sorted(luminance(scheme[c]) for c in (text, ground))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)
        low, high = sorted(luminance(scheme[c]) for c in ("ink", "mark"))
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_its_examples_hold():
    assert doctest.testmod(maker).failed == 0 < doctest.testmod(maker).attempted


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SystemExit, match="not empty"):
        maker.make(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


# ---------------------------------------------------------------- in a browser, from the folder

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not (CHROMIUM and DRIVER):
        assert os.environ.get("CI") != "true", "CI needs chromium and chromedriver; .ci/run installs them"
        pytest.skip("needs chromium and chromedriver (Debian: apt install chromium chromium-driver)")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


def test_search_by_keyboard(site, browser):
    from selenium.webdriver import ActionChains, Keys
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get((site / "index.html").as_uri())
    ActionChains(browser).send_keys("/").perform()
    ActionChains(browser).send_keys("different bills").perform()
    assert browser.find_element("id", "said").text == "1 place" or "places" in browser.find_element("id", "said").text
    ActionChains(browser).send_keys(Keys.ARROW_DOWN).perform()
    assert "Same alarm, different bills" in browser.switch_to.active_element.text
    ActionChains(browser).send_keys(Keys.ENTER).perform()
    WebDriverWait(browser, 10).until(lambda b: "02_data_drift" in b.current_url)
    ActionChains(browser).send_keys("/", "zzzz").perform()
    assert browser.find_element("id", "said").text == "Nothing found."
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    assert not browser.find_element("id", "said").is_displayed()


def test_no_page_is_wider_than_the_window(site, pages, browser):
    wide = {}
    for name in [n for n in pages if not n.startswith("worksheet")] + ["worksheet_raci.html"]:      # one of its kind
        browser.get((site / name).as_uri())
        for width in (320, 1280):
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})
            if (w := browser.execute_script("return document.documentElement.scrollWidth")) > width:
                wide[name, width] = w
    assert not wide
