"""The teaching kit says what the notebooks say now, and its minutes add up; the class report survives what is handed in."""
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from course_utils.exercises.engine import REGISTRY
from course_utils.inventory import ITEMS, LETTERS, form
from course_utils.workspace import root
from tools import class_report, kit

LESSONS = {lesson.number: lesson for lesson in kit.lessons()}
NOTES = kit.read_notes()
SESSIONS = [(course, *session) for course, about in NOTES["courses"].items() for session in about["sessions"]]
each_lesson = pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)


@pytest.fixture(scope="module")
def made():
    return kit.kit()


def test_the_kit_is_what_the_sources_give_now(made):
    old = kit.stale(made, root() / "instructor")
    assert not old, f"stale: {', '.join(old)}. Run `make kit` (after `make notebooks`, if a notebook has changed)."


def test_a_change_of_an_item_makes_the_kit_stale(made, tmp_path):
    for name, text in made.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "left_over.md").write_text("")
    (tmp_path / "README.md").write_text(made["README.md"].replace("minutes", "hours"), encoding="utf-8")
    assert kit.stale(made, tmp_path) == ["left_over.md", "README.md"]


def test_the_kit_is_small():
    assert sum(f.stat().st_size for f in (root() / "instructor").rglob("*") if f.is_file()) < 2_000_000


# ------------------------------------------------------------------------------------------------- what is written by hand

@each_lesson
def test_minutes_add_up(lesson):
    assert (kit.total(lesson, 2), kit.total(lesson, 3)) == (50, 90)
    assert all(short or long for _, _, short, long, *_ in lesson.notes["plan"])


@each_lesson
def test_a_plan_names_only_what_the_notebook_has(lesson):
    names = {"run": lesson.headings, "exercise": lesson.exercises, "predict": [p.key for p in lesson.predictions],
             "discuss": range(1, len(lesson.notes["discuss"]) + 1)}
    plan = lesson.notes["plan"]
    for kind, about, *_ in plan:
        assert kind in kit.KINDS and about in names.get(kind, [about]), f"notes.toml, {lesson.number}: {kind} {about!r}"
    assert {about for kind, about, *_ in plan if kind == "predict"} == set(names["predict"]), "a prediction has no minutes"
    if lesson.closing:
        assert "vote" in [row[0] for row in plan]
    for what, length in (("prepare", 300), ("expect", 300)):
        assert len(lesson.notes[what]) < length, f"{what} is to be read at a glance"


@each_lesson
def test_the_result_is_not_shown_before_the_prediction(lesson):
    plan = [(kind, about) for kind, about, *_ in lesson.notes["plan"]]
    for p in lesson.predictions:
        later = [about for kind, about in plan[plan.index(("predict", p.key)):] if kind == "run"]
        assert p.section in later or p.section not in [about for _, about in plan]


@pytest.mark.parametrize("course, name, minutes, rows", SESSIONS, ids=[f"{s[0]}-{s[1]}" for s in SESSIONS])
def test_sessions_add_up(course, name, minutes, rows):
    assert sum(row[1] for row in rows) == minutes
    assert all(length in (50, 90) for what, length in rows if what in LESSONS)
    assert all(what in LESSONS or not what.isdigit() for what, _ in rows)


def test_the_term_has_twelve_weeks_and_every_notebook_once():
    term = [rows for course, _, _, rows in SESSIONS if course == "term"]
    assert len(term) == 12 and sorted(what for rows in term for what, _ in rows if what in LESSONS) == sorted(LESSONS)


# ------------------------------------------------------------------------------------------------------------------- pages

@each_lesson
def test_every_wrong_answer_and_every_closing_question_is_on_its_page(lesson, made):
    text = made[f"{lesson.stem}.md"]
    assert lesson.exercises, "each notebook has an exercise"
    for key in lesson.exercises:
        assert REGISTRY[key].source().strip() in text
        for function, misconception in REGISTRY[key].wrong:
            assert kit.cell_text(misconception) in text and kit.cell_text(kit.plain(function.__doc__)) in text
    asked = re.findall(r'ask\("([^"]+)"', "\n".join(c.source for c in lesson.cells))
    assert [item.id for item in lesson.closing] == asked
    for item in lesson.closing:
        assert f"**{item.answer}. {next(o.text for o in item.options if o.correct)}** (right)" in text
        assert item.stem in text and item.because in text and all(o.misconception is None or o.misconception in text
                                                                  for o in item.options)
    for p in lesson.predictions:
        assert p.question in text and f"**{p.truth}**" in text and p.question.endswith("?")


def test_every_exercise_of_the_course_is_on_a_page():
    assert sorted(key for lesson in LESSONS.values() for key in lesson.exercises) == sorted(REGISTRY)


def test_links_lead_somewhere(made):
    for name, text in made.items():
        for link in re.findall(r"\]\(([^)#:]+)\)", re.sub(r"```.*?```", "", text, flags=re.S)) if name.endswith(".md") else ():
            if re.search(r"\.(md|html|ipynb)$", link):
                assert (root() / "instructor" / link).resolve().exists(), (name, link)


def test_the_keys_of_the_forms_stand_in_the_order_in_which_notebook_00_asks(made):
    for use, parts in re.findall(r"(## Form (?:A|B), part 1)(.*?)(?=## Form B, part 1|\Z)", made["forms.md"], re.S):
        asked = "\n".join(form(use[8], part).message for part in range(1, 5))
        stems = re.findall(r"^\*\*\d\.\*\* \(notebook \d\d\) (.*)$", parts, re.M)
        assert len(stems) == 24 and sorted(stems, key=asked.index) == stems


# ------------------------------------------------------------------------------------------------------------------ slides

class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@each_lesson
def test_slides_load_nothing_and_can_be_read_aloud(lesson, made):
    text = made[f"slides/{lesson.stem}.html"]
    page = Page(text)
    assert not page.open and text.count("<h1>") == 1 and ("html", {"lang": "en"}) in page.tags
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "video", "audio", "base")
        assert attributes.get("src", "data:").startswith("data:image/png;base64,") or "src" not in attributes
        assert tag != "img" or len(attributes["alt"]) > 40
        assert not attributes.get("href")
    assert not re.search(r"url\(|@import|https?://", re.sub(r"base64,[^\"]*", "", text))
    assert len([tag for tag, _ in page.tags if tag == "section"]) < 40
    words = re.sub(r"<(pre|script|style)\b.*?</\1>|<img[^>]*>|<!--.*?-->", "", text, flags=re.S)
    assert not re.search(r"\*\*|`", words), "Markdown that was not rendered"


@each_lesson
def test_slides_ask_and_do_not_tell(lesson, made):
    text = re.sub(r"<img[^>]*>", "", made[f"slides/{lesson.stem}.html"])
    for item in lesson.closing:
        assert kit.inline(item.stem) in text and kit.inline(item.because) not in text
    for p in lesson.predictions:
        assert text.index(kit.prose(p.asked)) < text.index(f'<p class="truth">{kit.escape(p.truth)}</p>')
    for _, answer in lesson.notes["discuss"]:
        assert kit.inline(answer) not in text


def test_bold_text_may_hold_code_and_emphasis():
    assert kit.inline("**Which: `a`, or *b* < 3?**") == "<strong>Which: <code>a</code>, or <em>b</em> &lt; 3?</strong>"


# ------------------------------------------------------------------------------------------------------------ class report

def learner(folder, name, wrong=(), use="A", other=None):
    """An exported file: all questions of a form answered, rightly but for one pair."""
    answers = {item.id: {"answer": item.answer, "confidence": 80, "correct": True} for item in ITEMS if item.use == use}
    for item in ITEMS:
        if item.id in answers and item.pair in wrong:
            first = next(letter for letter, option in zip(LETTERS, item.shuffled()) if not option.correct)
            answers[item.id] = {"answer": first, "confidence": 80, "correct": False}
    file = folder / name
    answers |= other or {}
    file.write_text(json.dumps({"version": 1, "exercises": {}, "predictions": {}, "answers": answers}))
    return str(file)


def test_three_files_make_a_report_and_a_damaged_one_is_named(tmp_path, capsys):
    files = [learner(tmp_path, "a.json", ["throughput"]), learner(tmp_path, "b.json", ["throughput", "drift"]),
             learner(tmp_path, "c.json"), str(tmp_path / "cut.json"), str(tmp_path / "odd.json"), str(tmp_path / "none.json")]
    (tmp_path / "cut.json").write_text('{"answers": {"drift.a1"')
    (tmp_path / "odd.json").write_text('{"answers": {"drift.a1": "A"}}')
    page = tmp_path / "report.html"
    assert class_report.main([*files, files[0], "--html", str(page)]) == 0
    text = capsys.readouterr().out
    assert "3 learners, of whom 3 answered form A and 0 form B" in text and "recognised" in text
    assert all(f"- {file}: " in text for file in files[3:]) and "the same answers as" in text
    spend = text.split("where to spend the time")[1]
    assert spend.index("07 Latency") < spend.index("02 Data drift") < spend.index("11 Shadow")
    row, = re.findall(r"^07 Latency vs throughput +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)$", text, re.M)
    asked, correct, *wrong = map(int, row)
    assert asked == 6 and correct == 2 and sum(wrong) == 4
    html = page.read_text()
    Page(html.replace("<!doctype html>", ""))
    assert "07 Latency vs throughput" in html and "http" not in html and "2 of 3" in html


def test_the_class_gains_what_was_missing(tmp_path):
    def both(name, before):
        answers = json.loads(Path(learner(tmp_path, name, before)).read_text())["answers"]
        return learner(tmp_path, name, use="B", other=answers)

    learners, left_out = class_report.read([both("a.json", ["drift"]), both("b.json", ["drift", "canary"]),
                                            learner(tmp_path, "c.json", ["canary"])])
    gained = class_report.class_gain(learners)
    assert not left_out and len(learners) == 3
    assert list(gained.loc["02 Data drift vs model drift"]) == [2, 0, 1, 1]
    assert list(gained.loc["11 Shadow deployment vs canary rollout"]) == [2, 0.5, 1, 1]
    assert gained.loc["01 Guardrails vs validation"].isna()["gain"] and gained.loc["all", "gain"] == 1


def test_five_learners_need_no_warning_and_none_make_no_report(tmp_path, capsys):
    files = [learner(tmp_path, f"{pair}.json", [pair]) for pair in ("drift", "canary", "training", "realtime", "oversight")]
    assert class_report.main(files) == 0 and "recognised" not in capsys.readouterr().out
    (tmp_path / "empty.json").write_text("{}")
    assert class_report.main([str(tmp_path / "empty.json")]) == 1 and "holds no answers" in capsys.readouterr().out
