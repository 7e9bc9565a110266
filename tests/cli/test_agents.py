"""The commands for agents that work in one place."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from semmem import open as open_memory
from semmem.stores.postgres.groups import ATTEMPTS
from semmem.testing import wait_until
from tests.cli.command import Command

LAUNCH = ("--state-class", "tests.state.launch:Launch")
QUESTION = "0d9f0a3c-6c1e-4d43-9d0e-2f6b7a1c8e55"


@pytest.fixture
def launch(semmem: Command, tenant: str) -> Command:
    return semmem.within("--tenant", tenant, "--workspace", "launch")


async def test_follow_tells_what_another_process_does_until_ctrl_c(launch: Command) -> None:
    launch("remember", "The market is 4.2 bn USD.", "--agent", "r1", "--no-wait")
    async with launch.running("follow", "--after", "0", "--json") as follower:
        assert follower.stdout is not None
        assert follower.stderr is not None
        first = json.loads(await follower.stdout.readline())
        assert (first["position"], first["kind"], first["agent"]) == (1, "event", "r1")
        launch("update", "title=Vietnam", *LAUNCH, "--as", "a1")
        kinds = [json.loads(await follower.stdout.readline())["kind"] for _ in range(2)]
        assert kinds == ["declared", "change"]
        follower.send_signal(signal.SIGINT)
        assert await follower.wait() == 130
        told = (await follower.stderr.read()).decode()
        assert "--after 3 goes on from here" in told
        assert "Traceback" not in told


def test_follow_ends_after_so_many_and_leaves_out_what_an_agent_did_itself(launch: Command) -> None:
    launch("remember", "mine", "--agent", "r1", "--no-wait")
    launch("remember", "another's", "--agent", "a1", "--no-wait")
    shown = launch("follow", "--after", "0", "--as", "r1", "--count", "1")
    assert "another's" in shown.out
    assert "mine" not in shown.out
    assert "--after 2 goes on from here" in shown.err
    assert [each["position"] for each in launch("entries", "--after", "1", "--json").json] == [2]


def test_state_is_changed_by_its_reducers_read_back_and_restored(launch: Command) -> None:
    changed = launch(
        "update", "verdict=enter", "calls_left:=-1", 'findings:=["4.2 bn"]', *LAUNCH, "--as", "r1", "--json"
    ).json
    assert sorted(changed["written"]) == ["calls_left", "findings", "verdict"]
    state = launch("state", "--json").json
    assert state["values"] == {"verdict": "enter", "calls_left": 99, "findings": ["4.2 bn"]}
    assert state["by"]["verdict"] == "r1"
    assert launch("checkpoint", "before").code == 0
    launch("update", "verdict=stay", *LAUNCH)
    assert launch("state", "--field", "verdict", "--json").json["values"] == {"verdict": "stay"}
    assert launch("state", "--checkpoint", "before", "--json").json["values"]["verdict"] == "enter"
    assert launch("restore", "before", "--json").json["written"] == ["verdict"]
    assert "enter" in launch("state").out
    assert [each["name"] for each in launch("checkpoints", "--json").json] == ["before"]


def test_who_was_not_first_gets_an_exit_code_of_its_own(launch: Command) -> None:
    position = launch("update", "title=One", *LAUNCH, "--as", "r1", "--json").json["position"]
    launch("update", "title=Two", *LAUNCH, "--as", "a1")
    stale = launch("update", "title=Three", *LAUNCH, "--expected", f"title={position}", "--json")
    assert (stale.code, stale.out) == (4, "")
    assert json.loads(stale.err)["error"]["code"] == "conflict"
    assert launch("state", "--json").json["values"]["title"] == "Two"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("update", "title", *LAUNCH), "changes: 'title' is none; write FIELD=TEXT"),
        (("update", "titel=x", *LAUNCH), "titel: is no field of this state; use title"),
        (("update", "calls_left=3", *LAUNCH), "calls_left"),
        (("update", "calls_left:=three", *LAUNCH), "calls_left: is no JSON behind :="),
        (("update", "title=a", "title=b", *LAUNCH), "must name title once"),
        (("update", "title=a", "--expected", "title", *LAUNCH), "expected: 'title' is no FIELD=POSITION"),
        (("update", "title=a", "--state-class", "Launch"), "state_class: must be MODULE:CLASS"),
        (("update", "title=a", "--state-class", "no.such:Launch"), "state_class: cannot be imported"),
        (
            ("update", "title=a", "--state-class", "tests.cli.breaks:Launch"),
            "state_class: cannot be imported (KeyError",
        ),
        (("update", "title=a", "--state-class", "json:dumps"), "is no class below semmem.State"),
        (("state", "--at", "1", "--checkpoint", "x"), "name one of the three"),
        (("restore",), "name a checkpoint, or --position"),
        (("follow", "--as", "", "--count", "1"), "as: must not be empty"),
        (("ask", "Send it?", "yes", "--as", "w1", "--within", "soon"), "within: 'soon' is no duration"),
    ],
)
def test_bad_input_is_named(launch: Command, arguments: tuple[str, ...], named: str) -> None:
    answer = launch(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert named in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("restore", "nothing"),
        ("state", "--checkpoint", "nothing"),
        ("group", "lag", "nothing"),
        ("group", "dead-letters", "nothing"),
        ("group", "replay", "nothing"),
        ("group", "delete", "nothing"),
        ("answer", QUESTION, "yes"),
    ],
)
def test_what_is_not_there_is_not_found(launch: Command, arguments: tuple[str, ...]) -> None:
    answer = launch(*arguments, "--json")
    assert (answer.code, answer.out) == (3, "")
    assert json.loads(answer.err)["error"]["code"] == "not_found"


def locked(launch: Command, *arguments: str) -> tuple[str, ...]:
    """The command's line; what runs stands last."""
    dashes = arguments.index("--")
    return ("lock", *arguments[:dashes], *launch.scope, *arguments[dashes:])


def test_a_command_runs_while_its_lock_is_held(launch: Command, tmp_path: Path) -> None:
    semmem, written = launch.within(), tmp_path / "token"
    script = f"import os, pathlib; pathlib.Path({str(written)!r}).write_text(os.environ['SEMMEM_LOCK_TOKEN'])"
    done = semmem(*locked(launch, "report", "--as", "w1", "--json", "--", sys.executable, "-c", script)).json
    assert done == {"token": int(written.read_text()), "exit_code": 0}
    assert semmem(*locked(launch, "report", "--", sys.executable, "-c", "raise SystemExit(7)")).code == 7
    bare = tmp_path / "bare.sh"
    bare.write_text("echo no interpreter is named\n")
    bare.chmod(0o755)
    unstarted = semmem(*locked(launch, "report", "--json", "--", str(bare)))
    assert (unstarted.code, json.loads(unstarted.err)["error"]["field"]) == (2, "command")
    refused = semmem(*locked(launch, "report", "--", f"no-such-{uuid4().hex}"))
    assert (refused.code, "is no program here" in refused.err) == (2, True)


def test_a_hangup_ends_the_command_and_leaves_the_lock(launch: Command, tmp_path: Path) -> None:
    semmem, after = launch.within(), tmp_path / "after"
    script = f"kill -HUP $PPID; sleep 60; touch {after}"
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may have it ignored
    try:
        assert semmem.process(*locked(launch, "report", "--", "sh", "-c", script)).code == 129
    finally:
        signal.signal(signal.SIGHUP, before)
    assert not after.exists()
    assert semmem(*locked(launch, "report", "--", "true")).code == 0


async def test_a_lock_is_renewed_held_against_others_and_left_by_ctrl_c(launch: Command, tmp_path: Path) -> None:
    semmem, begun = launch.within(), tmp_path / "begun"
    script = f"import pathlib, time; pathlib.Path({str(begun)!r}).touch(); time.sleep(600)"
    line = locked(launch, "report", "--ttl", "1s", "--as", "w1", "--", sys.executable, "-c", script)
    async with semmem.running(*line) as holder:
        await wait_until(begun.exists, 60)
        await asyncio.sleep(1.5)  # longer than its time
        held = semmem(*locked(launch, "report", "--as", "r1", "--", "true"))
        assert (held.code, "the agent w1 holds it until" in held.err) == (4, True)
        holder.send_signal(signal.SIGINT)
        assert await holder.wait() == 130
    assert semmem(*locked(launch, "report", "--", "true")).code == 0


async def test_a_command_whose_lock_is_lost_is_ended(launch: Command, tmp_path: Path) -> None:
    semmem, begun, ended = launch.within(), tmp_path / "begun", tmp_path / "ended"
    script = f"trap 'touch {ended}; exit 0' TERM; touch {begun}; while :; do sleep 0.1; done"
    async with semmem.running(*locked(launch, "report", "--ttl", "1s", "--json", "--", "bash", "-c", script)) as holder:
        assert holder.stderr is not None
        await wait_until(begun.exists, 60)
        launch("forget", "--everything", "--yes")
        assert await holder.wait() == 4
        assert ended.exists()
        assert json.loads((await holder.stderr.read()).splitlines()[-1])["error"]["code"] == "lock_lost"


async def test_dead_letters_of_a_group_are_listed_and_replayed(launch: Command, tenant: str) -> None:
    for invoice in ("An invoice.", "Another one."):
        launch("remember", invoice, "--event-type", "invoice", "--no-wait")
    async with open_memory(data=launch.data, worker=False) as memory:
        group = memory.scope(tenant=tenant, workspace="launch").group("billing", start="first")
        async with group.deliveries(consumer="b1") as inbox:
            for _ in range(ATTEMPTS):
                await (await anext(inbox)).release()
            await (await anext(inbox)).settle()
    assert launch("group", "lag", "billing", "--json").json == {"behind": 0, "leased": 0, "dead": 1}
    assert "An invoice." in launch("group", "dead-letters", "billing").out
    assert launch("group", "replay", "billing", "--position", "9").code == 3
    assert launch("group", "replay", "billing", "--position", "1", "--json").json == {"replayed": 1}
    assert launch("group", "delete", "billing", "--json").json == {"deleted": True}
    assert launch("group", "lag", "billing").code == 3


async def test_a_question_waits_for_its_answer_and_one_answer_wins(launch: Command) -> None:
    async with launch.running("ask", "Send it?", "yes", "no", "--as", "w1") as asking:
        assert asking.stdout is not None

        def is_asked() -> bool:
            return bool(launch("questions", "--json").json)

        await wait_until(is_asked, 60)
        [question] = launch("questions", "--of", "human", "--json").json
        assert (question["agent"], question["question"]) == ("w1", "Send it?")
        assert launch("answer", question["id"], "yes", "--json").json["choice"] == "yes"
        assert (await asking.stdout.read()).decode() == "yes\n"
        assert await asking.wait() == 0
    late = launch("answer", question["id"], "no", "--json")
    assert (late.code, json.loads(late.err)["error"]["code"]) == (4, "question_closed")
    assert launch("questions", "--json").json == []
    assert "yes by no agent" in launch("questions", "--answered").out
    assert [member["agent"] for member in launch("roster", "--json").json] == ["w1"]


def test_a_task_begins_is_seen_at_a_glance_and_ends(launch: Command) -> None:
    assert launch("overview", "--json").json["workspace"] is None
    team = ("--roster", "r1=researcher", "--roster", "w1=writer")
    begun = launch("begin", "Enter Vietnam?", *team, *LAUNCH, "--as", "w1", "--json").json
    assert (begun["task"], begun["begun_by"], begun["ended_at"]) == ("Enter Vietnam?", "w1", None)
    assert launch("begin", "Enter Vietnam?", "--json").json == begun  # after a restart, say
    assert [entry["kind"] for entry in launch("entries", "--json").json] == ["declared", "begun"]
    told = launch("status", "searching", "--detail", "in the archives", "--as", "r1", "--json").json
    assert (told["role"], told["status"], told["detail"], told["current"]) == (
        "researcher",
        "searching",
        "in the archives",
        True,
    )
    assert {member["agent"]: member["status"] for member in launch("roster", "--json").json} == {
        "r1": "searching",
        "w1": None,
    }
    ended = launch("end", "decided", "--result", "Enter Vietnam in May.", "--as", "w1", "--json").json
    assert (ended["status"], ended["position"]) == ("decided", begun["position"])
    seen = launch("overview", "--recent", "2", "--json").json
    assert [(entry["kind"], entry["agent"]) for entry in seen["recent"]] == [("ended", "w1"), ("event", "w1")]
    assert [result["content"] for result in seen["results"]] == ["Enter Vietnam in May."]
    shown = launch("overview").out
    for part in ("ended", "with decided", "researcher", "searching: in the archives", "Enter Vietnam in May."):
        assert part in shown
    assert launch("end", "decided").code == 3


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("begin", "Enter Laos?"), "task"),
        (("begin", "Enter Vietnam?", "--roster", "r1"), "roster: 'r1' is no AGENT=ROLE"),
        (("begin", "Enter Vietnam?", "--roster", "r1=a", "--roster", "r1=b"), "roster: must name r1 once"),
        (("begin", "Enter Vietnam?", "--roster", "r1=human"), "must not be called human"),
        (("status", "searching", "--as", "x1"), "roster"),
        (("status", "searching", "--as", "r1", "--role", "writer"), "role: must be the roster's"),
        (("status", "searching", "--as", "r1", "--ttl", "8d"), "ttl: must be a timedelta from 1 s to 7 days"),
        (("status", "", "--as", "r1"), "text: must not be empty"),
        (("overview", "--recent", "0"), "--recent"),
    ],
)
def test_what_does_not_fit_the_task_is_refused(launch: Command, arguments: tuple[str, ...], named: str) -> None:
    launch("begin", "Enter Vietnam?", "--roster", "r1=researcher")
    answer = launch(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert named in answer.err


async def test_an_interrupted_question_stays(launch: Command) -> None:
    async with launch.running("ask", "Send it?", "yes", "no", "--as", "w1") as asking:
        await wait_until(lambda: bool(launch("questions", "--json").json), 60)
        asking.send_signal(signal.SIGINT)
        assert await asking.wait() == 130
    [question] = launch("questions", "--json").json
    launch("answer", question["id"], "no")
    assert launch("ask", "Send it?", "yes", "no", "--as", "w1", "--json").json == {"choice": "no"}


def test_health_shows_how_a_place_does_and_the_installation(launch: Command) -> None:
    launch("update", "title=One", *LAUNCH, "--as", "r1")
    launch("update", "title=Two", *LAUNCH, "--as", "a1")
    found = launch("health", "--budget", "200", "--json").json
    assert found["fields"]["title"] == {"pieces": 1, "bytes": 5, "conflicts": 1, "refusals": 0}
    assert (found["head"], found["budget"], found["checkpoint"]) == (3, 200, None)
    shown = launch("health").out
    assert "title" in shown
    assert "position 3" in shown
    everything = launch.within()("health", "--all", "--json").json
    assert everything["dead_letters"] == {}
    refused = launch("health", "--all")
    assert (refused.code, refused.out) == (2, "")
    assert "all: goes with no user" in refused.err


def test_configure_shows_and_settles_what_is_given(launch: Command) -> None:
    assert launch("configure", "--json").json == {"zone": None, "keep_events_for": None}
    launch("configure", "--zone", "Europe/Berlin")
    assert launch("configure", "--keep-events-for", "P365D", "--json").json["zone"] == "Europe/Berlin"
    assert "365 days" in launch("configure").out
    assert launch("configure", "--zone", "none", "--keep-events-for", "none", "--json").json["keep_events_for"] is None
    refused = launch("configure", "--zone", "Berlin")
    assert (refused.code, "did you mean Europe/Berlin?" in refused.err) == (2, True)


def test_archive_moves_old_events_into_a_file_that_import_reads(launch: Command, tmp_path: Path) -> None:
    launch("remember", "ok", "--role", "tool")
    path = str(tmp_path / "old.jsonl")
    made = launch("archive", path, "--before", "2100-01-01", "--json").json
    assert (made["events"], made["removed"], made["floor"]) == (1, 1, 1)
    again = launch("archive", path, "--before", "2100-01-01")
    assert (again.code, "must be a new file" in again.err) == (2, True)
    assert launch("history", "--json").json == []
    launch("import", path)
    assert [each["content"] for each in launch("history", "--json").json] == ["ok"]
