"""What LightCLIP's page says by name is there in Chinese: figures, rules, columns, verdicts, sentences of the head."""

import re

from backend.studies.light_clip.words import OUR_READING
from components.frame.language import table
from components.studies.light_clip import ablation, curves, headline, labels, masked, matches, words

CHINESE = table()


def test_every_figure_column_rule_and_verdict_is_there():
    named = [text for one in words.MEASURES for text in (one.title, one.asks)]
    named += [text for rule in words.RULES.values() for text in rule]
    named += [*words.HEADS.values(), *ablation.HEADS, ablation.WAITING, ablation.GONE, masked.WAITING, masked.GONE]
    named += [curves.WAITING, curves.GONE, OUR_READING, *(title for title, _, _ in masked.SIDES)]
    assert sorted({text for text in named if text not in CHINESE}) == []


def test_every_sentence_of_the_head_is_there():
    for form in (form for forms in (*headline.SAID.values(), headline.ADDED) for form in forms):
        assert form.replace("{bounds}", "95 %: {a} to {b}") in CHINESE, form


def test_every_text_of_the_widgets_is_there():
    for template in (matches.TEMPLATE, labels.TEMPLATE):
        plain = re.sub(r"<details.*?</details>", "", template, flags=re.S)
        texts = [" ".join(text.split()) for text in re.findall(r">([^<>]+)<", plain)]
        found = [
            part for text in texts for part in ([text] if text in CHINESE else re.split(r"(?<=\.) (?=[A-Z])", text))
        ]
        assert sorted({text for text in found if text and text not in CHINESE}) == []
