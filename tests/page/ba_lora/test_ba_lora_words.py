"""What BA-LoRA's page says by name is there in Chinese: figures, groups, columns, forms, sentences of the headline."""

from components.frame.language import table
from components.studies.ba_lora import exhibits, headline, page, pairs, probe_table, words

CHINESE = table()


def test_every_figure_column_and_form_is_there():
    named = [one.title for one in words.MEASURES.values()] + [title for title, _ in words.GROUPS]
    named += [*words.HEADS.values(), *pairs.PROBES.values()]
    named += [text for form in exhibits.FORMS for text in (form.when, form.says)]
    for broken in probe_table.BROKEN.values():
        assert any(broken in english for english in CHINESE), broken
    assert sorted({text for text in named if text not in CHINESE}) == []


def test_every_sentence_of_the_headline_is_there():
    for form in (form for forms in headline.SAID.values() for form in forms):
        assert form.replace("{bounds}", "95 %: {a} to {b}") in CHINESE


def test_what_strength_means_is_there():
    said = page.SAID.removeprefix('<p class="ds-quiet">').removesuffix("</p>")
    assert said in CHINESE
