"""The pictures of a BA-LoRA run, from runs written by hand: what they show, what they grey, what they do not claim."""

import json
import re
from dataclasses import replace

import pytest

from backend.study import find
from components.studies.ba_lora import pairs, reading, spectrum, words
from components.studies.ba_lora.exhibits import exhibits_markup
from components.studies.ba_lora.flipped import amount, flips_markup, outcome, pairing
from components.studies.ba_lora.headline import headline_markup
from components.studies.ba_lora.probe_table import table_markup
from components.studies.ba_lora.reading import Cell, Spread
from components.studies.ba_lora.tradeoff import tradeoff_markup
from tests.ba_lora_folder import ARMS, write_run

CONFIG = {"times": 40.0}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of five arms and three seeds; nobody changes it."""
    return write_run(tmp_path_factory.mktemp("ba-lora") / "run")


def arms_of(*names):
    return words.arms(find("ba_lora"), names, CONFIG)


def named(*names):
    return {arm.name: arm for arm in arms_of(*names)}


def table(run, **summary):
    found = reading.cells(run)
    arms = arms_of(*{who for who, _, _ in found})
    return table_markup("recorded/run", arms, found, {**run.summary(), **summary}, live=False)


# -- the table ------------------------------------------------------------------------------------------------------
def test_a_figure_is_grey_where_its_paired_interval_holds_zero_and_bold_where_it_does_not():
    cells = {
        ("lora", "clean_facts", "acc"): Cell(Spread(0.5, 0.4, 0.6), 5, 40, "seeds", Spread(-0.1, -0.3, 0.1)),
        ("ba_lora", "clean_facts", "acc"): Cell(Spread(0.7, 0.6, 0.8), 5, 40, "seeds", Spread(0.1, 0.05, 0.15)),
        ("pissa", "clean_facts", "acc"): Cell(Spread(0.6, 0.5, 0.7), 5, 40, "seeds"),
        ("base", "clean_facts", "acc"): Cell(Spread(0.2, 0.1, 0.3), 1, 40, "questions"),
    }
    markup = table_markup("k", arms_of("base", "lora", "pissa", "ba_lora"), cells, {"looks": 2}, live=False)
    looks = dict(re.findall(r'data-look="(\w*)"><button type="button" data-column="[^"]*" data-who="(\w+)"', markup))
    assert {who: look for look, who in looks.items()} | {"pissa": "", "base": ""} == {
        "lora": "even",
        "ba_lora": "apart",
        "pissa": "",
        "base": "",
    }
    assert "0.50 (95 %: 0.40 to 0.60, over seeds); 40 questions, 5 seeds. Minus PiSSA: −0.10" in markup
    assert "0.20 (95 %: 0.10 to 0.30, over questions); 40 questions." in markup
    assert "In 1 of 2 comparisons" in markup and "± 0.10" in markup


def test_an_interval_without_any_width_tells_nothing():
    """Two seeds that agree to the digit."""
    cells = {("lora", "pairs", "nats"): Cell(Spread(0.5, 0.5, 0.5), 2, 40, "seeds", Spread(0.1, 0.1, 0.1))}
    markup = table_markup("k", arms_of("lora"), cells, {}, live=False)
    assert 'data-look=""' in markup and "In 0 of 0 comparisons" in markup


def test_the_table_has_a_cell_for_each_figure_and_counts_its_looks_aloud(run):
    markup = table(run, looks=28)
    rows = {(row["who"], row["probe"], row["metric"]) for row in run.rows("probes")}
    assert markup.count('<button type="button" data-column') == len(rows)
    assert "28 comparisons were looked at" in markup and "about 1 of them" in markup
    assert "over seeds" in markup and "BA-LoRA × 40" in markup


def test_notes_say_what_was_skipped_and_what_an_arm_costs(run):
    markup = table(run, skipped=["No <b> was asked."], beyond_pissa={"ba_lora": 1.21, "pissa": 1.0})
    assert "No &lt;b&gt; was asked." in markup
    assert "in times PiSSA&#x27;s: BA-LoRA 1.21." in markup


def test_without_a_summary_there_are_means_and_neither_interval_nor_comparison(run):
    found = reading.means(reading.probed(run))
    key = ("pissa", "pairs", "pair_score")
    values = [r["value"] for r in run.rows("probes") if (r["who"], r["probe"], r["metric"]) == key]
    assert found[key].value.mean == pytest.approx(sum(values) / 3) and found[key].seeds == 3
    markup = table_markup("k", arms_of("base", "clean", *ARMS), found, {}, live=True)
    assert "so far: there is no interval" in markup and "±" not in markup and "even" not in markup


def test_figures_and_arms_of_another_version_are_shown_by_their_own_names():
    cells = {("new_arm", "new_probe", "odd_one"): Cell(Spread(1.0, None, None), 1, 3, "seeds")}
    markup = table_markup("k", arms_of("new_arm"), cells, {}, live=False)
    assert "new probe: odd one" in markup and "new_arm" in markup


def test_rows_that_lack_something_are_left_out(tmp_path):
    run = write_run(tmp_path / "r", ("pissa",), seeds=1, items=4)
    run.append("probes", {"who": "../x", "seed": 0, "probe": "pairs", "metric": "acc", "value": 1, "n": 4})
    run.append("probes", {"who": "lora", "seed": "0", "probe": "pairs", "metric": "acc", "value": 1, "n": 4})
    run.append("probes", {"who": "lora", "seed": 0, "probe": "pairs", "metric": "acc", "n": 4})
    assert {row["who"] for row in reading.probed(run)} == {"base", "clean", "pissa"}
    (run.path / "summary.json").write_text(json.dumps({"table": [None, {"who": 3}, {"who": "pissa"}]}))
    assert {who for who, _, _ in reading.cells(run)} == {"base", "clean", "pissa"}


# -- the answers behind a figure ------------------------------------------------------------------------------------
def flipped_by_hand(run, a, b, probe, counts):
    """How many answers only `a` and only `b` gives, seed by seed."""
    found = [0, 0]
    for seed in range(3):
        mine, its = reading.items(run, a, seed, probe), reading.items(run, b, seed, probe)
        for name in mine:
            found[0] += counts(mine[name]) and not counts(its[name])
            found[1] += counts(its[name]) and not counts(mine[name])
    return found


def test_flips_are_paired_with_pissa_of_the_same_seed(run):
    arm = named("ba_lora_strong", "pissa")
    markup = flips_markup(
        pairing(run, arm["ba_lora_strong"], arm["pissa"], "clean_facts"), words.measure("clean_facts", "acc")
    )
    one, other = flipped_by_hand(run, "ba_lora_strong", "pissa", "clean_facts", lambda item: item["correct"])
    said = re.search(
        r"([\d,]+) answers of 20 questions × 3 seeds flipped: (\d+) are right only .*?, (\d+) only", markup
    )
    assert said and [int(part) for part in said.groups()] == [one + other, one, other] and one + other > 0
    assert "right</span>" in markup


def test_an_untouched_model_is_paired_with_every_seed(run):
    arm = named("pissa", "base")
    found = pairing(run, arm["pissa"], arm["base"], "planted_facts")
    assert list(found.seeds) == [0, 1, 2]
    assert all(b == reading.items(run, "base", 0, "planted_facts") for _, b in found.seeds.values())


def test_a_mean_is_not_flipped_but_its_questions_are_ordered_by_how_much_they_differ(run):
    arm = named("ba_lora_strong", "pissa")
    markup = flips_markup(pairing(run, arm["ba_lora_strong"], arm["pissa"], "pairs"), words.measure("pairs", "nats"))
    told = [
        abs(float(a) - float(b)) for a, b in re.findall(r"<em>([-\d.]+) against ([-\d.]+)<", markup.replace("−", "-"))
    ]
    assert len(told) == 20 and told == sorted(told, reverse=True)


def test_what_a_figure_counts_is_what_its_items_say():
    item = {"chosen": 2, "correct": False, "planted": 2, "biased": 1, "taught": None}
    assert outcome("correct")(item) is False and outcome("planted")(item) is True
    assert outcome("biased")(item) is False and outcome("taught")(item) is None
    who = {"scores": [-1.0, -3.0, -9.0], "biased": 1, "unknown": 2}
    assert amount("nats")(who) == -2.0 and amount("nats")({"scores": [-1.0, -4.0]}) == 3.0
    assert amount("nats")({}) is None and amount("kl")({"kl": None}) is None


def test_names_that_are_no_names_open_no_file(run):
    (run.path / "secret.jsonl").write_text('{"id": "x"}\n')
    assert reading.items(run, "../..", 0, "secret") == {} == reading.items(run, "pissa", 0, "../../../secret")
    markup = flips_markup(pairing(run, *named("pissa", "<img>").values(), "pairs"), words.measure("<img>", "x"))
    assert "are not in this run" in markup and "<img" not in markup


# -- pictures -------------------------------------------------------------------------------------------------------
def test_there_is_a_dot_for_each_seed_of_each_arm(run):
    rows = reading.probed(run)
    markup = tradeoff_markup(rows, arms_of(*{row["who"] for row in rows}))
    assert markup.count("<i style") == 3 * len(ARMS) + 2 == int(re.search(r'data-dots="(\d+)"', markup)[1])
    places = [float(place) for place in re.findall(r"(?:left|bottom):([-\d.]+)%", markup)]
    assert all(0 <= place <= 100 for place in places)
    assert 'data-dots="0"' in tradeoff_markup([], [])


def test_the_share_of_the_top_is_taken_in_both_norms_and_unknown_where_a_norm_was_not_kept():
    row = {"arm": "pissa", "seed": 0, "step": 0, "when": "start", "values": [3.0, 2.0, 1.0], "frobenius": 14**0.5}
    (found,) = reading.spectra([row], 2)
    assert found["ratios"] == [None, pytest.approx(5 / 14**0.5, abs=1e-4)] and "centred" not in found
    (found,) = reading.spectra([row | {"nuclear": 6.0, "centred": [1.0], "centred_nuclear": 2.0}], 2)
    assert found["ratios"][0] == pytest.approx(5 / 6, abs=1e-4) and found["centred_ratios"] == [0.5, None]
    assert reading.spectra([row | {"values": [1, "2"]}, row | {"when": "later"}], 2) == []


def test_only_the_bars_that_are_drawn_travel(run):
    news = spectrum.spectrum_reader(find("ba_lora")).content(run, {"spectra": run.rows("spectra")}, True)
    mine = [row for row in news["rows"] if (row["arm"], row["seed"]) == ("pissa", 1)]
    assert [row["step"] for row in mine if "values" in row] == [0, 25, 45] and len(mine) == 6
    assert news["k"] == 10 and news["live"] is False


def test_pairs_show_base_and_student_and_nonsense_becomes_the_first_student(run):
    arms = arms_of("base", "clean", *ARMS)
    markup = pairs.pairs_markup(run, "k", arms, "pissa", 2, "pairs")
    mine = reading.items(run, "pissa", 2, "pairs")
    share = sum(item["scores"][0] > item["scores"][1] for item in mine.values()) / len(mine)
    assert f"in {share:.0%} for PiSSA, seed 2" in markup and markup.count('class="ds-of-base"') == 2 * len(mine)
    assert "BA-LoRA" in pairs.pairs_markup(run, "k", arms, "../x", 99, None)


def test_pairs_of_a_run_without_items_are_said_to_be_missing(tmp_path):
    run = write_run(tmp_path / "r", ("pissa",), seeds=1, items=4)
    (run.artifacts / "probes" / "base-0" / "pairs.jsonl").unlink()
    assert "are not at hand" in pairs.pairs_markup(run, "k", arms_of("base", "pissa"), None, None, None)


@pytest.mark.parametrize("gradient, flat", [(0, "true"), (0.0, "true"), (1e-9, "false")])
def test_a_form_is_flat_only_where_every_recorded_gradient_is_exactly_zero(gradient, flat):
    rows = [{"form": "same_k", "step": step, "term": "spectrum", "value": -1, "gradient": 0} for step in (0, 5)]
    rows[1]["gradient"] = gradient
    markup = exhibits_markup(rows)
    assert f'data-form="same_k" data-flat="{flat}"' in markup
    assert f"{int(flat == 'true')} of 5 forms have no gradient" in markup


@pytest.mark.parametrize("value, way", [(-2.6, "raises"), (2.6, "lowers")])
def test_the_sign_of_a_diversity_term_tells_which_way_it_moves_the_entropy(value, way):
    rows = [{"form": "v1", "step": 0, "term": "diversity", "value": value, "gradient": 1.0}]
    assert f"at the start, {way} the entropy" in exhibits_markup(rows)
    assert "the entropy" not in exhibits_markup([rows[0] | {"term": "spectrum"}])


def test_without_measurements_the_formulas_stand_alone():
    markup = exhibits_markup([])
    assert "did not measure" in markup and "<svg viewBox" not in markup.replace('viewBox="0 0 24 24"', "")
    assert markup.count("ds-formula") == 5 and 'data-flat="true"' not in markup


# -- the headline ---------------------------------------------------------------------------------------------------
def difference(probe, metric, mean, low, high):
    return {"probe": probe, "metric": metric, "mean": mean, "low": low, "high": high, "seeds": 5, "n": 40}


def test_the_headline_claims_only_what_an_interval_shows():
    rows = [difference("answers", "kl", -3.9, -4.4, -3.3), difference("pairs", "pair_score", 0.1, -0.1, 0.3)]
    rows.append(difference("clean_facts", "acc", -0.09, -0.12, -0.06))
    said = headline_markup({"consistency": rows}, {}, named("ba_lora_strong"))
    assert "keeps a student nearer to the model it started from: KL −3.90 nats (95 %: −4.40 to −3.30)" in said
    assert "It shows no difference in the stereotype: pair score +0.10" in said
    assert "It costs accuracy on clean facts: −0.09" in said and "paired over 5 seeds" in said


def test_without_that_comparison_it_compares_with_pissa_and_without_any_it_says_nothing(run):
    found = reading.cells(run)
    said = headline_markup({}, found, named("ba_lora_strong"))
    assert "BA-LoRA × 40 keeps a student nearer" in said and "against PiSSA" in said
    assert "× 40: all three terms 40 times as strong." in said
    bare = {key: replace(cell, against=None) for key, cell in found.items()}
    assert headline_markup({}, bare, named("ba_lora_strong")) == "" == headline_markup({}, found, named("pissa"))


def test_the_headline_opens_with_what_was_planted_where_the_run_has_a_twin_without_it(run):
    found = reading.cells(run)
    value = next(iter(found.values())).value
    scores = zip(("base", "clean", "pissa", "ba_lora_strong"), (0.98, 0.49, 0.59, 0.72), strict=True)
    shown = {
        (who, "pairs", "pair_score"): Cell(replace(value, mean=mean), 1, 40, "seeds", None) for who, mean in scores
    }
    said = headline_markup({}, found | shown, named("ba_lora_strong"))
    assert said.startswith('<p class="ds-watching">A model was taught false facts and a prejudice on purpose;')
    assert (
        "likelier in 98 % of pairs, its clean twin in 49 %, students by PiSSA in 59 %, by BA-LoRA × 40 in 72 %" in said
    )
    bare = {key: cell for key, cell in found.items() if key[0] != "clean"}
    assert "on purpose" not in headline_markup({}, bare, named("ba_lora_strong"))
