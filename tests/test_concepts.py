import re
from pathlib import Path

import pytest

from course_utils import concepts, pair
from course_utils.concepts import CONSEQUENCE_MAP, PAIRS


def test_all_twelve_pairs_are_complete():
    assert [p.number for p in PAIRS] == list(range(1, 13))
    assert len({p.slug for p in PAIRS}) == len({p.key for p in PAIRS}) == 12
    for p in PAIRS:
        assert p.question.endswith("?") and p.mistake.endswith(".") and p.consequence.endswith(".")
        for c in (p.left, p.right):
            assert len(c.article) > 40 and len(c.definition) > 40 and len(c.correction) > 40
            assert c.definition != c.article


def test_consequence_map_is_the_articles_eight_rows():
    in_map = {p.title for p in PAIRS if p.in_article_map}
    assert len(CONSEQUENCE_MAP) == 8 and {row[0] for row in CONSEQUENCE_MAP} == in_map
    assert {p.number for p in PAIRS if not p.in_article_map} == {4, 5, 10, 11}


def test_pair_finds_by_number_key_and_slug_and_lists_keys_otherwise():
    assert pair(2) is pair("drift") is pair("data_drift_vs_model_drift")
    with pytest.raises(KeyError, match="guardrails.*oversight"):
        pair("drfit")


def test_pair_is_shown_as_text_and_as_a_table_without_scripts():
    assert pair(2).question in repr(pair(2))
    html = pair(2)._repr_html_()
    assert html.count('scope="row"') == 3 and "<script" not in html


def test_no_sentence_of_the_vocabulary_is_used_twice():
    sentences = re.findall(r'"([^"]{60,})"', Path(concepts.__file__).read_text(encoding="utf-8"))
    assert len(sentences) == len(set(sentences))
