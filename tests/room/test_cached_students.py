"""The benchmark of kept lower layers says what a student costs each way, and what a search would."""

from benchmarks.cached_students import main


def test_every_way_is_timed_and_a_search_is_projected(tiny_models, tiny_tasks, capsys):
    main(["--model", str(tiny_models["llama"]), "--data-dir", str(tiny_tasks), "--tops", "1", "--rounds", "1"])
    said = capsys.readouterr().out
    for way in ("adapters on all layers", "on the top 1, all layers run", "on the top 1, the others kept"):
        assert f"{way}: training" in said and f"{way}: judging" in said
        assert f"{way}: 1,000 students, two cores" in said
