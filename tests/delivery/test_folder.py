"""A run folder shows a whole set or none, whatever happens in between."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from reseller_reporting.delivery.folder import RunFolder
from reseller_reporting.model.errors import CannotWrite, InvalidSettings


def stage(folder: RunFolder, content: str, names: Iterable[str]) -> None:
    """Stage files that all say `content`, and a manifest that lists the workbooks among them."""
    for name in names:
        folder.stage(name).write_text(content)
    accounts = [{"file": name} for name in names if name.startswith("accounts/")]
    folder.stage("manifest.json").write_text(json.dumps({"made": content, "accounts": accounts}))


def run(out: Path, content: str, *names: str) -> None:
    with RunFolder(out) as folder:
        stage(folder, content, names)
        folder.publish(names)


def failing_run(out: Path) -> None:
    with RunFolder(out) as folder:
        stage(folder, "new", ["summary.csv"])
        raise ZeroDivisionError


def files(out: Path) -> dict[str, str]:
    """Every file below the folder, hidden ones too, with what it says; the manifest by whom it was made."""
    found = {str(path.relative_to(out)): path.read_text() for path in sorted(out.rglob("*")) if path.is_file()}
    if "manifest.json" in found:
        found["manifest.json"] = json.loads(found["manifest.json"])["made"]
    return found


def test_a_published_set_stands_under_its_final_names_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "reports" / "2026-10"
    run(out, "new", "summary.csv", "accounts/alice.xlsx")
    assert files(out) == {"accounts/alice.xlsx": "new", "manifest.json": "new", "summary.csv": "new"}


def test_what_the_earlier_run_made_and_this_one_does_not_goes(tmp_path: Path) -> None:
    run(tmp_path, "old", "summary.csv", "accounts/alice.xlsx", "accounts/bob.xlsx")
    (tmp_path / "accounts" / "notes.txt").write_text("mine")
    run(tmp_path, "new", "summary.csv", "accounts/alice.xlsx")
    assert files(tmp_path) == {
        "accounts/alice.xlsx": "new",
        "accounts/notes.txt": "mine",
        "manifest.json": "new",
        "summary.csv": "new",
    }


def test_a_folder_without_workbooks_keeps_no_empty_folder(tmp_path: Path) -> None:
    run(tmp_path, "old", "summary.csv", "accounts/alice.xlsx")
    run(tmp_path, "new", "summary.csv")
    assert not (tmp_path / "accounts").exists()


def test_a_failure_leaves_the_earlier_set_as_it_was(tmp_path: Path) -> None:
    run(tmp_path, "old", "summary.csv", "accounts/alice.xlsx")
    before = files(tmp_path)
    with pytest.raises(ZeroDivisionError):
        failing_run(tmp_path)
    assert files(tmp_path) == before


def test_a_failure_leaves_no_new_folder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        failing_run(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../victim.xlsx", "/victim.xlsx", "accounts/../../victim.xlsx", "link/victim.xlsx", "", "."]
)
def test_a_tampered_manifest_removes_nothing_outside_the_folder(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    victim = tmp_path / "victim.xlsx"
    victim.write_text("precious")
    out.mkdir()
    (out / "link").symlink_to(tmp_path)
    listed = str(victim) if name.startswith("/") else name
    (out / "manifest.json").write_text(json.dumps({"accounts": [{"file": listed}, {"file": 7}, {}]}))
    (out / ".publishing.json").write_text(json.dumps([listed, None]))
    run(out, "new", "summary.csv")
    assert victim.read_text() == "precious"


def test_what_the_manifest_lists_beside_the_workbooks_goes_with_its_set(tmp_path: Path) -> None:
    out = tmp_path
    (out / "legs").mkdir()
    for name in ("legs/alice.csv", "margin.csv", "mine.csv"):
        (out / name).write_text("old")
    listed = [{"file": "legs/alice.csv", "sha256": "x"}, {"file": "margin.csv", "sha256": None}, {"file": "../x"}]
    (out / "manifest.json").write_text(json.dumps({"accounts": [], "files": listed}))
    run(out, "new", "summary.csv")
    assert {path.name for path in out.iterdir()} == {"manifest.json", "mine.csv", "summary.csv"}


@pytest.mark.parametrize("manifest", ["", "[]", "null", '{"accounts": 3}', '{"accounts": [1]}', "\xff"])
def test_a_manifest_that_is_none_of_ours_is_no_obstacle(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_bytes(manifest.encode("latin-1"))
    run(tmp_path, "new", "summary.csv")
    assert files(tmp_path) == {"manifest.json": "new", "summary.csv": "new"}


def test_a_place_that_cannot_be_written_is_told_before_anything_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InvalidSettings, match=r"file/2026-10 cannot be written: .*--out"),
        RunFolder(tmp_path / "file" / "2026-10"),
    ):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_the_right_to_write_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InvalidSettings, match="Permission denied"), RunFolder(tmp_path):
        pass
    tmp_path.chmod(0o700)


def test_what_stands_in_the_way_is_found_while_the_earlier_set_still_stands(tmp_path: Path) -> None:
    run(tmp_path, "old", "summary.csv")
    (tmp_path / "summary-by-country.csv").mkdir()
    with pytest.raises(CannotWrite, match="a folder stands where a file should be"):
        run(tmp_path, "new", "summary.csv", "summary-by-country.csv")
    assert files(tmp_path) == {"manifest.json": "old", "summary.csv": "old"}


def test_two_runs_in_one_folder_do_not_mix(tmp_path: Path) -> None:
    with RunFolder(tmp_path) as first, RunFolder(tmp_path) as second:
        stage(first, "first", ["summary.csv", "accounts/alice.xlsx"])
        stage(second, "second", ["summary.csv"])
        first.publish(["summary.csv", "accounts/alice.xlsx"])
        second.publish(["summary.csv"])
    assert files(tmp_path) == {"manifest.json": "second", "summary.csv": "second"}


# The first argument is the folder, the second the step of the publication before which the process is killed.
CHILD = """
import os, signal, sys
from pathlib import Path
from reseller_reporting.delivery.folder import RunFolder

steps = 0

def dies_at_step(real):
    def step(*arguments, **named):
        global steps
        steps += 1
        if steps == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    return step

with RunFolder(Path(sys.argv[1])) as folder:
    names = ["summary.csv", "accounts/alice.xlsx", "accounts/carol.xlsx"]
    for name in names:
        folder.stage(name).write_text("new")
    folder.stage("manifest.json").write_text(
        '{"made": "new", "accounts": [{"file": "accounts/alice.xlsx"}, {"file": "accounts/carol.xlsx"}]}'
    )
    if sys.argv[2] == "while staging":
        folder.stage("accounts/half.xlsx").write_text("ha")
        os.kill(os.getpid(), signal.SIGKILL)
    for verb in ("replace", "unlink"):
        setattr(Path, verb, dies_at_step(getattr(Path, verb)))
    folder.publish(names)
"""
OLD_SET = {"accounts/alice.xlsx": "old", "accounts/bob.xlsx": "old", "manifest.json": "old", "summary.csv": "old"}


def killed_child(out: Path, step: str) -> None:
    child = subprocess.run([sys.executable, "-c", CHILD, str(out), step], check=False, capture_output=True)
    assert child.returncode == -signal.SIGKILL, child.stderr


def visible(out: Path) -> dict[str, str]:
    return {name: text for name, text in files(out).items() if not name.startswith(".")}


def test_a_run_killed_while_staging_leaves_the_earlier_set_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    run(tmp_path, "old", "summary.csv", "accounts/alice.xlsx", "accounts/bob.xlsx")
    killed_child(tmp_path, "while staging")
    assert visible(tmp_path) == OLD_SET
    assert list(tmp_path.glob(".partial-*"))
    with RunFolder(tmp_path):
        assert len(list(tmp_path.glob(".partial-*"))) == 1
    assert files(tmp_path) == OLD_SET


def test_a_set_of_some_accounts_leaves_the_others_files_where_they_are(tmp_path: Path) -> None:
    run(tmp_path, "old", "summary.csv", "accounts/alice.xlsx", "accounts/bob.xlsx")
    with RunFolder(tmp_path) as folder:
        stage(folder, "new", ["summary.csv", "accounts/alice.xlsx"])
        folder.publish(["summary.csv", "accounts/alice.xlsx"], is_whole_set=False)
    assert files(tmp_path)["accounts/bob.xlsx"] == "old"
    assert files(tmp_path)["accounts/alice.xlsx"] == "new"


# Journal in, manifest away, three files in, one away, (their lock,) manifest in, journal away.
@pytest.mark.slow
@pytest.mark.parametrize("step", range(1, 9))
def test_a_run_killed_while_publishing_leaves_no_half_file_and_no_false_seal(tmp_path: Path, step: int) -> None:
    run(tmp_path, "old", "summary.csv", "accounts/alice.xlsx", "accounts/bob.xlsx")
    killed_child(tmp_path, str(step))
    left = visible(tmp_path)
    assert set(left.values()) <= {"old", "new"}
    if "manifest.json" in left:
        assert len(set(left.values())) == 1  # A sealed set is of one run.
    run(tmp_path, "newest", "summary.csv", "accounts/alice.xlsx")
    assert files(tmp_path) == {"accounts/alice.xlsx": "newest", "manifest.json": "newest", "summary.csv": "newest"}
