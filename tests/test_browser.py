"""A learner in a browser: JupyterLab in Chromium opens notebook 02, runs it, and answers an exercise."""
import os
import shutil
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

import pytest

from course_utils.exercises import REGISTRY
from course_utils.workspace import root, sync

ROOT = root()

NOTEBOOK = "02_data_drift_vs_model_drift.ipynb"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
if not (CHROMIUM and DRIVER) and os.environ.get("CI") != "true":
    pytest.skip("needs chromium and chromedriver (Debian: apt install chromium chromium-driver)", allow_module_level=True)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a copy of the learner's notebooks, on a free loopback port."""
    base = tmp_path_factory.mktemp("lab")
    sync(ROOT / "notebooks", base / "my_course")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    folders = {f"JUPYTER_{k}_DIR": str(base / k.lower()) for k in ("CONFIG", "DATA", "RUNTIME")}
    folders |= {f"JUPYTERLAB_{k}_DIR": str(base / k.lower()) for k in ("SETTINGS", "WORKSPACES")}
    env = {**os.environ, **folders, "COURSE_HOME": str(base / "home")}
    with open(base / "log", "wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1",
             "--IdentityProvider.token=t", "--LabApp.news_url=", f"--ServerApp.root_dir={base / 'my_course'}"],
            env=env, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(300):
                try:
                    urlopen(f"{address}/api/status?token=t", timeout=2).close()
                    break
                except OSError:
                    assert server.poll() is None, (base / "log").read_text()
                    time.sleep(0.2)
            yield address
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="module")
def page(lab, tmp_path_factory):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    assert CHROMIUM and DRIVER, "CI needs chromium and chromedriver; .ci/run installs them"
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     f"--user-data-dir={tmp_path_factory.mktemp('profile')}", "--window-size=1400,1800"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.get(f"{lab}/lab/tree/{NOTEBOOK}?token=t&reset")
    yield driver
    driver.quit()


def wait(page, condition, seconds=120):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(page, seconds, 0.2).until(lambda _: condition())


def css(page, selector):
    from selenium.webdriver.common.by import By

    return page.find_elements(By.CSS_SELECTOR, selector)


def kernel(page):
    found = css(page, ".jp-Notebook-ExecutionIndicator")
    return (found[0].get_attribute("data-status") or "").lower() if found else ""


def menu(page, top, item, done, seconds=10):
    """Choose a menu item until it has had its effect: a click may come before JupyterLab listens."""
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver import ActionChains, Keys
    from selenium.webdriver.common.by import By

    bar = f"//div[contains(@class,'lm-MenuBar-itemLabel') and normalize-space()='{top}']"
    label = f"//div[contains(@class,'lm-Menu-itemLabel') and starts-with(normalize-space(),'{item}')]"
    for attempt in range(6):
        try:
            page.find_element(By.XPATH, bar).click()
            wait(page, lambda: page.find_elements(By.XPATH, label), 5)[0].click()
            return wait(page, done, seconds)
        except WebDriverException:
            if attempt == 5:
                raise
            ActionChains(page).send_keys(Keys.ESCAPE).perform()


def undisturbed(page):
    """Whether no dialog is open; closes one. On a busy machine there may be one about the connection, or the kernel."""
    from selenium.webdriver import ActionChains, Keys

    for dialog in (dialogs := css(page, "dialog.jp-Dialog")):
        print("closed a dialog:", dialog.text)
        ActionChains(page).send_keys(Keys.ESCAPE).perform()
    return not dialogs


def idle(page):
    prompts = [p.text for p in css(page, ".jp-InputPrompt")]
    return "busy" not in kernel(page) and not any("*" in p for p in prompts)


def answer(page, cell, code):
    """Replace a code cell's text (typing would meet auto-indent), and run it with the keyboard."""
    from selenium.webdriver import ActionChains, Keys

    wait(page, lambda: undisturbed(page), 10)
    editor = cell.find_element("css selector", ".cm-content")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", editor)
    editor.click()
    page.execute_script("const v = arguments[0].cmTile?.view || arguments[0].cmView?.view;"
                        "v.dispatch({changes: {from: 0, to: v.state.doc.length, insert: arguments[1]}})", editor, code)
    ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()


def test_run_all_then_answer_right_and_wrong(page):
    wait(page, lambda: css(page, ".jp-Cell") and undisturbed(page) and "idle" in kernel(page))
    menu(page, "Edit", "Clear Outputs of All Cells", lambda: not css(page, ".jp-OutputArea-output"))
    menu(page, "Run", "Run All Cells", lambda: css(page, ".jp-OutputArea-output"), 60)    # twice would take twice as long
    wait(page, lambda: undisturbed(page) and idle(page) and "drift.c3" in css(page, ".jp-Notebook")[0].text)
    text = css(page, ".jp-Notebook")[0].text
    assert not css(page, ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']")
    assert not css(page, ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']")
    assert "Tonight's retraining costs more than doing nothing" in text and css(page, ".jp-RenderedImage img")

    exercise = REGISTRY["drift.psi"]
    cell = next(c for c in css(page, ".jp-CodeCell") if "def psi(" in c.text)

    def result():
        return " ".join(o.text for o in cell.find_elements("css selector", ".jp-OutputArea-output"))
    assert "Not attempted: drift.psi" in result()
    answer(page, cell, exercise.source() + '\ncheck("drift.psi", psi)')
    wait(page, lambda: undisturbed(page) and "✓ Correct: drift.psi" in result())
    answer(page, cell, "def psi(ref, cur, edges):\n"
                       "    a, b = (np.bincount(np.searchsorted(edges, s, side='right'), minlength=len(edges) + 1) + .5\n"
                       "            for s in (ref, cur))\n"
                       "    p, q = a / a.sum(), b / b.sum()\n"
                       "    return float((q * np.log(q / p)).sum())\n"
                       'check("drift.psi", psi)')
    wait(page, lambda: undisturbed(page) and "✗ Incorrect: drift.psi" in result())
    assert "Misconception: the index is the Kullback-Leibler divergence" in result()


def test_a_form_can_be_clicked(page):
    """With real widgets: the whole situation is to be read, an answer is chosen and saved by the keyboard."""
    from selenium.webdriver import Keys

    from course_utils.inventory import questions

    cell = [c for c in css(page, ".jp-CodeCell") if "drift.c1" in c.text][-1]
    answer(page, cell, 'from course_utils.clickable import clickable\nclickable("A", 1)')
    wait(page, lambda: len(cell.find_elements("css selector", "input[type=radio]")) == 24)
    first = questions("A", 1)[0]
    assert first.stem in cell.text and all(o.text in cell.text for o in first.options)
    assert not any(box.get_property("scrollWidth") > box.get_property("clientWidth") + 1
                   for box in cell.find_elements("css selector", ".widget-html-content"))
    radio = cell.find_elements("css selector", "input[type=radio]")[1]
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", radio)
    radio.send_keys(Keys.SPACE)
    save = next(b for b in cell.find_elements("css selector", "button.jupyter-button") if "Save" in b.text)
    save.send_keys(Keys.ENTER)
    wait(page, lambda: "1 of 6 questions answered" in cell.text, 20)
