"""Thumbnails: what of a run's pictures may become an address in the page."""

import base64

from components.panels.thumbnails import MOST_LETTERS, address, thumbnails

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(30)).decode()


def test_a_png_becomes_an_address_and_nothing_else_does():
    assert address(PNG) == f"data:image/png;base64,{PNG}"
    svg = base64.b64encode(b"<svg onload=alert(1)>").decode()
    for bad in (svg, "", None, 3, [PNG], f'{PNG}" onerror="alert(1)', f"{PNG}\n", PNG[:8], PNG + "A" * MOST_LETTERS):
        assert address(bad) == ""


def test_rows_that_cannot_be_shown_are_left_out_and_an_id_counts_once():
    good = {"id": 1, "text": "a cat", "names": ["cat", 3], "png": PNG}
    rows = [{"id": "0", **{k: v for k, v in good.items() if k != "id"}}, good, good, {**good, "id": 2, "png": "x"}]
    assert thumbnails(rows) == [{"id": 1, "text": "a cat", "names": ["cat"], "src": address(PNG)}]
    assert thumbnails([good, {**good, "id": 2}], 1) == thumbnails([good])
    assert thumbnails([{}, {**good, "names": "cat"}])[0]["names"] == []
