"""The store: a folder of plain files, wherever fsspec finds one."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ropewalk.models.common.bundle_folder import MAX_TEXT_BYTES, bundle_digest
from ropewalk.models.common.signing import SIGNATURE
from ropewalk.models.errors import StoreError
from ropewalk.models.store.plain_names import check_name, is_plain
from ropewalk.models.store.records import MAX_BYTES, Move, Version, check_text, now
from ropewalk.models.store.store import Store, path_of
from ropewalk.models.store.store_files import UNFINISHED, open_files

LAYOUT = 1
# No model can have this name: names of models start with a letter or digit.
_LAYOUT_FILE = "_store.json"
# How long a promotion, or the removal of one version, can take at most.
_PIN_SECONDS = 3600
_PIN = re.compile(r"([0-9]{6,9})-[0-9a-f]+\.json")
_NUMBERED = re.compile(r"([0-9]{6,9})\.json")


@dataclass(frozen=True)
class Garbage:
    """What `ModelStore.gc` removed, or would remove.

    Parameters
    ----------
    versions : tuple of str
        Versions that nothing points to.
    bundles : tuple of str
        Folders of bundles that were never published to the end.
    files : tuple of str
        Files that a killed process left half-written.
    """

    versions: tuple[str, ...]
    bundles: tuple[str, ...]
    files: tuple[str, ...]


class ModelStore(Store):
    """Versions and aliases in plain files, in a folder or an object store.

    Nothing is ever changed once it is written: a bundle lies under the hash of its manifest, a
    version is a record that is made after all of its files, a step of an alias is a record, too.
    Each record is numbered and made by exactly one writer, which is how two writers can't both
    be first [1]_. What lies there, below `url`::

        _store.json                               version of this layout
        <model>/bundles/<digest>/<files>
        <model>/versions/000001.json              which bundle it is, who published it and when
        <model>/aliases/<alias>/000001.json       from, to, who, when, why
        <model>/removed/000001.json               says that a version is gone, with its bundle
        <model>/pins/                             what is being promoted, for gc to see

    Parameters
    ----------
    url : str or Path
        A folder, whose disk must know hard links, or `s3://`, `abfs://` or `memory://`. How to
        log in, and endpoints, are read from where the backend looks: its environment variables.

    Raises
    ------
    StoreError
        If the address is not understood, or a package for it is missing.

    References
    ----------
    .. [1] M. Herlihy, "Wait-free synchronization", ACM TOPLAS 13(1), 1991: agreement by
       compare-and-swap.

    Examples
    --------
    >>> store = ModelStore("memory://models")
    >>> store.models()
    []
    >>> store.resolve("delays@production")
    Traceback (most recent call last):
      ...
    ropewalk.models.errors.StoreError: delays: no such model in memory://models; there are: none
    """

    def __init__(self, url: str | Path) -> None:
        self._files = open_files(str(url))
        self._layout_known = False

    @property
    def url(self) -> str:
        """The address, without what may log one in."""
        return self._files.url

    def __repr__(self) -> str:
        return f"ModelStore({self.url!r})"

    def models(self) -> list[str]:
        """Name the models of which something was published."""
        self._check_layout()
        return [name for name in self._plain("") if self._numbered(f"{name}/versions")]

    def numbers(self, model: str) -> list[int]:
        """Give the numbers of a model's versions, ascending, without those that were removed."""
        check_name("model", model)
        self._check_layout()
        gone = set(self._numbered(f"{model}/removed"))
        return [n for n in self._numbered(f"{model}/versions") if n not in gone]

    def version(self, model: str, number: int) -> Version | None:
        """Give one version of a model; None if there is none, or it was removed."""
        check_name("model", model)
        self._check_layout()
        if self._files.size(_removed(model, number)) is not None:
            return None
        try:
            return self._record(model, number)
        except FileNotFoundError:
            return None

    def aliases(self, model: str) -> list[str]:
        """Name the aliases of a model."""
        check_name("model", model)
        self._check_layout()
        return self._plain(f"{model}/aliases")

    def history(self, model: str, alias: str) -> list[Move]:
        """Give every step of an alias, the first one first; none if there is no such alias."""
        folder = f"{check_name('model', model)}/aliases/{check_name('alias', alias)}"
        self._check_layout()
        moves = []
        for expected, number in enumerate(self._numbered(folder), start=1):
            path = f"{folder}/{_file(number)}"
            move = Move.read(self._place(path), self._files.read(path, MAX_BYTES))
            if not expected == number == move.number:
                raise StoreError(
                    f"{self._place(path)}: step {expected} is missing: was it removed by hand?"
                )
            moves.append(move)
        return moves

    def download(self, version: Version, folder: Path, names: Iterable[str] | None = None) -> None:
        """Copy files of a version, all or those named, into a folder that is there."""
        bundle = _bundle(version)
        for name in names or version.files:
            path = f"{bundle}/{name}"
            found, expected = self._files.size(path), version.files[name]
            if found != expected:
                told = "missing" if found is None else f"{found} bytes, {expected} when published"
                raise StoreError(f"{version}: {name}: {told}: publish the bundle again")
            self._files.get(path, folder / name)
        if names is None and self._is_signed(version):
            signature = self._files.read(f"{bundle}/{SIGNATURE}", MAX_TEXT_BYTES)
            (folder / SIGNATURE).write_bytes(signature)

    def gc(
        self,
        *,
        who: str,
        keep: int = 10,
        grace: timedelta = timedelta(days=7),
        dry_run: bool = False,
    ) -> Garbage:
        """Remove what nothing points to.

        A version stays while an alias stands for it, stood for it within its last `keep` steps or
        would by as many rollbacks, or while it is younger than `grace`. So does a bundle that is
        being published: it is young.

        Parameters
        ----------
        who : str
            Kept with the number of each version that is removed.
        keep : int, default=10
            How many steps of each alias to honour, at least 1.
        grace : timedelta, default=7 days
            How old something has to be; longer than a publication can take.
        dry_run : bool, default=False
            Remove nothing, only tell.

        Returns
        -------
        Garbage
            What was removed.

        Raises
        ------
        StoreError
            If a record can't be read: then nothing more is removed.
        """
        who = check_text("who", who)
        if keep < 1:
            raise StoreError(f"keep is {keep}: give at least 1, what an alias stands for now")
        old = time.time() - grace.total_seconds()
        versions, bundles, files = [], [], []
        self._check_layout()
        for model in self._plain(""):
            for version in self._unused(model, keep, old):
                if dry_run or self._remove(version, keep, who):
                    versions.append(str(version))
            for folder in self._orphans(model, old):
                bundles.append(folder)
                if not dry_run:
                    self._files.remove_folder(folder)
            for path in self._files.walk(model):
                left = path.endswith(UNFINISHED) or path.startswith(f"{model}/pins/")
                if left and self._is_older(path, min(old, time.time() - _PIN_SECONDS)):
                    files.append(path)
                    if not dry_run:
                        self._files.remove(path)
        return Garbage(tuple(versions), tuple(bundles), tuple(files))

    def _publish(self, folder: Path, model: str, who: str, verified: bool) -> Version:
        """Publish a bundle from a folder that nobody else changes."""
        self._check_layout(make=True)
        files = {
            path.name: path.stat().st_size
            for path in sorted(folder.iterdir())
            if path.name != SIGNATURE
        }
        digest = bundle_digest(folder)
        # Listed once: the next number comes after those that were looked at.
        numbers = self._numbered(f"{model}/versions")
        for number in numbers:
            version = self.version(model, number)
            if version and version.digest == digest:
                self._upload(folder, version, sign=verified)  # What is missing, if anything is.
                return version
        version = Version(model, max(numbers, default=0) + 1, digest, files, who, now())
        # Those that lie there may be the rest of an earlier try, and so old that gc takes them.
        self._upload(folder, version, again=True)
        while not self._files.create(f"{model}/versions/{_file(version.number)}", version.write()):
            other = self.version(model, version.number)
            if other and other.digest == digest:
                return other
            version = Version(model, version.number + 1, digest, files, who, now())
        self._upload(folder, version)
        return version

    def _upload(
        self, folder: Path, version: Version, again: bool = False, sign: bool = False
    ) -> None:
        bundle = _bundle(version)
        for name, size in version.files.items():
            path = f"{bundle}/{name}"
            if again or self._files.size(path) != size:
                self._files.put(folder / name, path)
        # No part of what is signed: one by the key in use may take the place of another's.
        if (folder / SIGNATURE).exists() and (again or sign or not self._is_signed(version)):
            self._files.put(folder / SIGNATURE, f"{bundle}/{SIGNATURE}")

    def _is_signed(self, version: Version) -> bool:
        return self._files.size(f"{_bundle(version)}/{SIGNATURE}") is not None

    def _append(self, model: str, alias: str, move: Move) -> bool:
        """Add a step to an alias unless that step was made; tell whether this call made it."""
        # gc marks a version as removed, then looks for pins and steps, then removes. So either
        # gc finds this pin, or what replaced it, and keeps the version; or its mark is found here.
        pin = f"{model}/pins/{move.to_version:06}-{move.token}.json"
        self._files.create(pin, move.write())
        try:
            if self.version(model, move.to_version) is None:
                raise StoreError(
                    f"{model}/{move.to_version}: removed meanwhile, as nothing pointed to it:"
                    " publish the bundle again"
                )
            return self._files.create(f"{model}/aliases/{alias}/{_file(move.number)}", move.write())
        finally:
            self._files.remove(pin)

    def _unused(self, model: str, keep: int, old: float) -> list[Version]:
        used = self._used(model, keep)
        unused = [number for number in self.numbers(model) if number not in used]
        versions = [self.version(model, number) for number in unused]
        return [
            version
            for version in versions
            if version and self._is_older(f"{model}/versions/{_file(version.number)}", old)
        ]

    def _used(self, model: str, keep: int) -> set[int]:
        used = set()
        # Pins first: one that goes meanwhile has become a step by then.
        for name in self._files.names(f"{model}/pins"):
            pin = _PIN.fullmatch(name)
            if pin and not self._is_older(f"{model}/pins/{name}", time.time() - _PIN_SECONDS):
                used.add(int(pin[1]))
        for alias in self.aliases(model):
            moves = self.history(model, alias)
            for move in moves[-keep:]:
                used |= {move.to_version, move.from_version or move.to_version}
            used |= set(path_of(moves)[-keep - 1 :])
        return used

    def _remove(self, version: Version, keep: int, who: str) -> bool:
        """Remove a version, unless something points to it by now; tell whether it was done."""
        model, number = version.model, version.number
        mark = json.dumps({"who": who, "when": now(), "token": secrets.token_hex(8)}).encode()
        if not self._files.create(_removed(model, number), mark):
            return False  # Another gc is at it.
        if number in self._used(model, keep):
            self._files.remove(_removed(model, number))
            return False
        self._files.remove_folder(_bundle(version))
        return True

    def _orphans(self, model: str, old: float) -> list[str]:
        """Give the folders of bundles that no version has."""
        young = time.time() - _PIN_SECONDS
        held = set()
        for number in self._numbered(f"{model}/versions"):
            mark = _removed(model, number)
            # Another gc that made its mark a moment ago may still take it back.
            if self._files.size(mark) is None or not self._is_older(mark, young):
                held.add(self._record(model, number).digest)
        folders = [
            f"{model}/bundles/{digest}"
            for digest in self._files.names(f"{model}/bundles")
            if digest not in held
        ]
        return [
            folder
            for folder in folders
            if all(self._is_older(path, old) for path in self._files.walk(folder))
        ]

    def _is_older(self, path: str, old: float) -> bool:
        try:
            return self._files.modified(path) < old
        except FileNotFoundError:
            return False

    def _record(self, model: str, number: int) -> Version:
        path = f"{model}/versions/{_file(number)}"
        version = Version.read(self._place(path), self._files.read(path, MAX_BYTES))
        if (version.model, version.number) != (model, number):
            raise StoreError(f"{self._place(path)}: is the record of {version}: was it copied?")
        return version

    def _check_layout(self, make: bool = False) -> None:
        """Refuse a store that a later version of this library made."""
        if self._layout_known:
            return
        try:
            content = self._files.read(_LAYOUT_FILE, MAX_BYTES)
        except FileNotFoundError:
            if not make:
                return
            content = f'{{"layout": {LAYOUT}}}\n'.encode()
            if not self._files.create(_LAYOUT_FILE, content):
                content = self._files.read(_LAYOUT_FILE, MAX_BYTES)
        try:
            layout = json.loads(content)["layout"]
        except (ValueError, TypeError, KeyError, RecursionError):
            layout = None
        if not isinstance(layout, int) or layout < 1:
            raise StoreError(
                f"{self._place(_LAYOUT_FILE)}: says no layout: was it changed by hand?"
            )
        if layout > LAYOUT:
            raise StoreError(
                f"{self.url}: has layout {layout}, later than {LAYOUT}, the latest that this"
                " version of ropewalk-models knows: install a newer one"
            )
        self._layout_known = True

    def _plain(self, folder: str) -> list[str]:
        return [name for name in self._files.names(folder) if is_plain(name)]

    def _numbered(self, folder: str) -> list[int]:
        found = (_NUMBERED.fullmatch(name) for name in self._files.names(folder))
        return sorted(int(match[1]) for match in found if match)

    def _place(self, path: str) -> str:
        return f"{self.url}/{path}"


def _file(number: int) -> str:
    return f"{number:06}.json"


def _bundle(version: Version) -> str:
    return f"{version.model}/bundles/{version.digest}"


def _removed(model: str, number: int) -> str:
    return f"{model}/removed/{_file(number)}"
