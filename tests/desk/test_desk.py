"""The desk, around cheap stand-in questions: one worker, started when needed, and what it refuses."""

import functools
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from backend.desk import desk
from backend.desk.desk import Desk
from backend.desk.follow import follow
from backend.errors import UserError
from backend.runners.processes import PROJECT
from tests import desk_stand_in
from tests.desk_stand_in import children, in_thread, pid_of, until

stand_in = desk_stand_in.stand_in
quick = desk_stand_in.quick


# -- one worker, started when needed ------------------------------------------------------------------------------
def test_no_process_starts_before_the_first_question_and_one_answers_all(stand_in):
    before = children()
    with closing(Desk(stand_in)) as made:
        assert children() == before
        assert len({pid_of(made) for _ in range(3)}) == 1
        assert len(children()) == len(before) + 1
    assert children() == before


def test_the_server_needs_no_torch_for_it():
    code = "import sys, backend.desk; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT)


def test_threads_each_get_their_own_answer(quick, monkeypatch):
    texts = [f"ä{number} 😀 \u2028\n" for number in range(40)]
    with ThreadPoolExecutor(desk.MOST_ASKING) as pool:
        assert list(pool.map(lambda text: quick.request("echo", text=text)["text"], texts)) == texts
    assert len(children()) == 1


def test_what_libraries_print_does_not_disturb_the_answers_and_is_kept(quick, home):
    assert quick.request("chatter") == {"read": ""}
    assert quick.request("echo", text="x") == {"text": "x"}
    log = (home / desk.LOG).read_text()
    assert all(f"chatter by {who}\n" in log for who in ("print", "a library", "a child"))


def test_the_worker_sees_no_secrets_and_leads_a_session_of_its_own(quick, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "x")
    assert "HF_TOKEN" not in quick.request("names")["names"]
    assert os.getsid(pid_of(quick)) == pid_of(quick) != os.getsid(0)


# -- a question that says how far it is -----------------------------------------------------------------------------
def test_news_is_heard_in_order_before_the_answer(quick):
    heard = []
    assert quick.request("count", told=heard.append, to=3) == {"counted": 3}
    assert heard == [{"number": 0}, {"number": 1}, {"number": 2}]


def test_news_that_nobody_wants_is_never_taken_for_an_answer(quick):
    assert quick.request("count", to=3) == {"counted": 3}
    assert quick.request("echo", text="x") == {"text": "x"}


def test_an_error_may_follow_news(quick):
    heard = []
    with pytest.raises(UserError, match="It is red"):
        quick.request("count", told=heard.append, to=2, fail=True)
    assert len(heard) == 2


def test_a_question_is_followed_as_one_stream(quick):
    assert list(follow(quick, "count", 60.0, to=2)) == [
        {"news": {"number": 0}},
        {"news": {"number": 1}},
        {"result": {"counted": 2}},
    ]
    with pytest.raises(UserError, match="It is red"):
        list(follow(quick, "refuse", 60.0))


def test_who_stops_listening_leaves_the_desk_free_for_others(quick):
    stream = follow(quick, "count", 60.0, to=500)
    assert next(stream) == {"news": {"number": 0}}
    stream.close()
    assert quick.request("echo", text="x") == {"text": "x"}


# -- refusals -----------------------------------------------------------------------------------------------------
def test_a_user_error_arrives_with_its_three_parts(quick):
    with pytest.raises(UserError) as caught:
        quick.request("refuse")
    assert caught.value.as_dict() == {"found": "It is red.", "expected": "blue", "next_step": "Paint it."}


@pytest.mark.parametrize(("kind", "fields"), [("stumble", {}), ("echo", {"txt": "x"})])
def test_a_defect_becomes_a_sentence_its_trace_goes_to_the_log_and_the_worker_lives(quick, home, kind, fields):
    pid = pid_of(quick)
    with pytest.raises(UserError, match="internal error"):
        quick.request(kind, **fields)
    assert "Traceback" in (home / desk.LOG).read_text()
    assert pid_of(quick) == pid


def test_an_unknown_kind_is_refused(quick):
    with pytest.raises(UserError, match="knows no 'dance'"):
        quick.request("dance")


def test_a_huge_question_is_refused_before_anything_starts(quick):
    before = children()
    with pytest.raises(UserError, match="bytes"):
        quick.request("echo", text="x" * desk.LONGEST_LINE)
    assert children() == before
    longest = "x" * (desk.LONGEST_LINE - 100)
    assert quick.request("echo", text=longest) == {"text": longest}


def test_half_a_character_does_not_break_the_line(quick):
    assert quick.request("echo", text="\ud83d") == {"text": "\ud83d"}


def test_too_many_who_ask_are_told_that_the_desk_is_busy(quick, tmp_path):
    pid_of(quick)
    done, ask = tmp_path / "done", functools.partial(quick.request, "rest", seconds=60, until=str(tmp_path / "done"))
    resting = [in_thread(ask) for _ in range(desk.MOST_ASKING)]
    try:
        until(lambda: quick._seats._value == 0)
        with pytest.raises(UserError, match="busy"):
            quick.request("ping")
    finally:
        done.touch()
    for thread in resting:
        thread.join()
    assert pid_of(quick)


def test_who_waits_too_long_for_a_turn_is_told_so_and_the_others_answer_is_not_lost(quick, tmp_path):
    pid, answers, begun, done = pid_of(quick), [], tmp_path / "begun", tmp_path / "done"
    resting = in_thread(lambda: answers.append(quick.request("rest", seconds=60, begun=str(begun), until=str(done))))
    try:
        until(begun.exists)
        with pytest.raises(UserError, match="busy"):
            quick.request("ping", timeout_s=0.1)
    finally:
        done.touch()
    resting.join()
    assert answers == [{}] and pid_of(quick) == pid
