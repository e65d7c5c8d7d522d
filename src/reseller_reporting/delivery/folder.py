"""The run folder: a set of files that appears complete or not at all, sealed by its manifest.

Owns: staging, publication, the removal of what an earlier run made and this one does not.
Does not own: what is in the files.

Invariants
- A file under its final name is complete: staged, synced, renamed. `kill -9` at any moment leaves no half file.
- `manifest.json` is the seal: it goes first, and comes back last. A folder without it holds no finished set.
- Nothing is removed but what an earlier publication in this folder listed, and never outside the folder.
- Two runs in one folder do not mix: each stages for itself, and they publish one after the other.
"""

import errno
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from reseller_reporting.model.errors import CannotWrite, InvalidSettings

MANIFEST = "manifest.json"
_STAGING_PREFIX = ".partial-"
_STAGING_LOCK = ".lock"
_FOLDER_LOCK = ".reseller-reporting.lock"
# What is being published. It outlives a killed run, so that the next one knows which files are ours.
_JOURNAL = ".publishing.json"


class RunFolder:
    """`with RunFolder(out) as folder`: stage files, then publish them; left without that, the folder is as before."""

    def __init__(self, out: Path) -> None:
        self.out = out.absolute()
        self._staging: Path | None = None
        self._held = ExitStack()

    def __enter__(self) -> Self:
        try:
            new = [folder for folder in (self.out, *self.out.parents) if not folder.exists()]
            self.out.mkdir(parents=True, exist_ok=True)
            with _locked(self.out / _FOLDER_LOCK):
                _remove_dead_staging(self.out)
                self._staging = Path(tempfile.mkdtemp(prefix=_STAGING_PREFIX, dir=self.out))
                for folder in reversed(new):
                    self._held.callback(_remove_folder_if_empty, folder)
                self._held.enter_context(_locked(self._staging / _STAGING_LOCK))
                # Undone in reverse: staging goes while it is still held.
                self._held.callback(shutil.rmtree, self._staging, ignore_errors=True)
        except OSError as error:
            self._held.close()
            raise InvalidSettings(
                f"The folder {self.out} cannot be written: {error.strerror}. Choose another one with --out."
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._held.close()

    def stage(self, name: str) -> Path:
        """Where to write the file that will be `name` in the folder."""
        assert self._staging is not None, "a run folder is used in a with statement"
        assert _is_plain(name), f"{name!r} is no name inside the folder"
        path = self._staging / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def publish(self, names: Iterable[str], *, is_whole_set: bool = True) -> None:
        """Put the staged files under their final names, the manifest last; a whole set takes the earlier one's place.

        A set of some accounts leaves the earlier files of the others where they are.
        """
        made = sorted(set(names) - {MANIFEST})
        try:
            for name in [*made, MANIFEST]:
                _sync(self.stage(name))
            with _locked(self.out / _FOLDER_LOCK):
                self._replace_set(made, is_whole_set=is_whole_set)
        except OSError as error:
            raise CannotWrite(
                f"The reports could not be put into {self.out}: {error.strerror} ({error.filename}). "
                "Mend that and run again; a folder without manifest.json holds no finished set."
            ) from error

    def _replace_set(self, made: list[str], *, is_whole_set: bool) -> None:
        before = _names_listed(self.out) if is_whole_set else set()
        # What can fail fails here, while the earlier set still stands.
        for folder in sorted({(self.out / name).parent for name in made}):
            folder.mkdir(parents=True, exist_ok=True)
        for name in [*made, MANIFEST]:
            if (self.out / name).is_dir():
                raise IsADirectoryError(errno.EISDIR, "a folder stands where a file should be", str(self.out / name))
        journal = self.stage(_JOURNAL)
        journal.write_text(json.dumps(sorted({*made, *before})), encoding="utf-8")
        _sync(journal)
        journal.replace(self.out / _JOURNAL)
        (self.out / MANIFEST).unlink(missing_ok=True)
        _sync(self.out)
        for name in made:
            self.stage(name).replace(self.out / name)
        for name in sorted(before - {*made, MANIFEST}):
            _remove(self.out, name)
        for folder in sorted({(self.out / name).parent for name in made} | {self.out}):
            _sync(folder)
        self.stage(MANIFEST).replace(self.out / MANIFEST)
        _sync(self.out)
        (self.out / _JOURNAL).unlink()


@contextmanager
def unchanged(out: Path) -> Iterator[None]:
    """For reading several files of one set: nothing is published there meanwhile. FileNotFoundError: no such folder."""
    with _locked(out / _FOLDER_LOCK):
        yield


def _names_listed(out: Path) -> set[str]:
    """What earlier publications put here: by their manifest, and by the journal of one that was killed.

    Anyone may have edited these files, so only names that stay inside the folder count.
    """
    listed: list[object] = []
    for key in ("accounts", "files"):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            listed += [each.get("file") for each in json.loads((out / MANIFEST).read_bytes())[key]]
    with suppress(OSError, ValueError, TypeError):
        listed += json.loads((out / _JOURNAL).read_bytes())
    return {name for name in listed if isinstance(name, str) and _is_plain(name) and _stays_inside(out, name)}


def _is_plain(name: str) -> bool:
    """A relative path that names something below the folder, written the one way we write it."""
    path = PurePosixPath(name)
    return str(path) == name and not path.is_absolute() and name != "." and ".." not in path.parts and "\0" not in name


def _stays_inside(out: Path, name: str) -> bool:
    """No link on the way leads out of the folder; the file itself may be one, for removing a link spares its target."""
    return (out / name).parent.resolve().is_relative_to(out.resolve())


def _remove(out: Path, name: str) -> None:
    path = out / name
    if path.is_symlink() or path.is_file():
        path.unlink()
    if path.parent != out:
        _remove_folder_if_empty(path.parent)


def _remove_dead_staging(out: Path) -> None:
    """Remove staging folders that no living run holds; the system lets go of the lock of a killed one."""
    for staging in out.glob(f"{_STAGING_PREFIX}*"):
        # It is held, just gone, or another user's: no reason to stop this run.
        with suppress(OSError), (staging / _STAGING_LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(staging)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock file, and take it away at the end: a finished folder holds reports and nothing else."""
    while True:
        with path.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_same_file(lock.fileno(), path):
                continue  # Another run took it away while we waited: ours locks nobody out any more.
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _sync(path: Path) -> None:
    """What was written there survives a power cut from here on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_folder_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
