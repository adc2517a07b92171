"""What every store of models can do, whatever keeps its files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ropewalk.models.common.bundle import open_copy
from ropewalk.models.common.bundle_folder import bundle_digest, verify_copy, write_folder
from ropewalk.models.common.loaded_bundle import Bundle
from ropewalk.models.common.manifest import MANIFEST, Manifest
from ropewalk.models.common.private_copy import private_copy
from ropewalk.models.errors import BundleError, StoreConflictError, StoreError
from ropewalk.models.store.plain_names import Reference, check_name
from ropewalk.models.store.records import Move, Version, check_text, now

ALIASES = ("candidate", "integration", "staging", "production")


class Store(ABC):
    """Versions of models, and aliases that say which of them is used where.

    An implementation gives the abstract methods; what users call is built on them here, and is
    the same for all. `StoreContract` has the tests that each passes.
    """

    @property
    @abstractmethod
    def url(self) -> str:
        """The address, without what may log one in."""

    @abstractmethod
    def models(self) -> list[str]:
        """Name the models of which something was published."""

    @abstractmethod
    def numbers(self, model: str) -> list[int]:
        """Give the numbers of a model's versions, ascending, without those that were removed."""

    @abstractmethod
    def version(self, model: str, number: int) -> Version | None:
        """Give one version of a model; None if there is none, or it was removed."""

    @abstractmethod
    def aliases(self, model: str) -> list[str]:
        """Name the aliases of a model."""

    @abstractmethod
    def history(self, model: str, alias: str) -> list[Move]:
        """Give every step of an alias, the first one first; none if there is no such alias."""

    @abstractmethod
    def download(self, version: Version, folder: Path, names: Iterable[str] | None = None) -> None:
        """Copy files of a version, all or those named, into a folder that is there."""

    @abstractmethod
    def _publish(self, folder: Path, model: str, who: str, verified: bool) -> Version:
        """Publish a bundle from a folder that nobody else changes.

        Its hashes were verified; its signature, too, if `verified`: then it replaces another.
        """

    @abstractmethod
    def _append(self, model: str, alias: str, move: Move) -> bool:
        """Add a step to an alias unless that step was made; tell whether this call made it."""

    def versions(self, model: str) -> list[Version]:
        """Give the versions of a model, the oldest first, without those that were removed."""
        found = (self.version(model, number) for number in self.numbers(model))
        return [version for version in found if version]

    def publish(
        self, place: str | Path, model: str, *, who: str, verifying_key: Path | None = None
    ) -> Version:
        """Publish a bundle: others see all of it or nothing.

        Parameters
        ----------
        place : str or Path
            The bundle, a folder or a single file. It is verified before anything is published.
        model : str
            Name of the model: a-z, 0-9, '.', '_', '-'.
        who : str
            Who publishes it.
        verifying_key : Path, optional
            Public key, PEM: a bundle that it does not verify is refused. The signature of one
            that is there already is then replaced, so that keys can change.

        Returns
        -------
        Version
            The new version; for a bundle that is there already, the version that it is.

        Raises
        ------
        BundleError
            If the bundle can't be trusted.
        StoreError
            If a name is not plain, or the store can't be written.
        """
        check_name("model", model)
        who = check_text("who", who)
        try:
            with private_copy(Path(place)) as folder:
                verify_copy(folder, verifying_key)
                return self._publish(folder, model, who, verifying_key is not None)
        except BundleError as error:
            raise BundleError(f"{place}: {error}") from error

    def resolve(self, reference: str) -> Version:
        """Give the version that a reference stands for at this moment.

        Parameters
        ----------
        reference : str
            `model@alias` or `model/version`.

        Returns
        -------
        Version
            The version. What is done with it stays the same when the alias moves on.

        Raises
        ------
        StoreError
            If there is no such model, alias or version.
        """
        asked = Reference.parse(reference)
        number = asked.version or self._current(asked)
        if version := self.version(asked.model, number):
            return version
        self._check_model(asked.model)
        raise StoreError(
            f"{asked.model}/{number}: no such version, or it was removed; there are:"
            f" {_some(str(number) for number in self.numbers(asked.model))}"
        )

    def load(
        self, reference: str, *, trusted: Sequence[str], verifying_key: Path | None = None
    ) -> Bundle:
        """Load a version, from a private copy that was verified.

        Parameters
        ----------
        reference : str
            `model@alias` or `model/version`. An alias is looked up once.
        trusted : sequence of str
            Types that the model may hold, by their full name: `TRUSTED_TYPES` and your own.
        verifying_key : Path, optional
            Public key, PEM: a bundle that it does not verify is refused before it is parsed.

        Returns
        -------
        Bundle
            The model and all that belongs to it.

        Raises
        ------
        StoreError
            If there is no such version, or it can't be read.
        BundleError
            If the bundle can't be trusted.
        """
        version = self.resolve(reference)
        with self._copy(version) as folder:
            return open_copy(folder, trusted=trusted, verifying_key=verifying_key)

    def fetch(self, version: Version, place: str | Path, verifying_key: Path | None = None) -> None:
        """Copy a version to a folder, once it is verified.

        Parameters
        ----------
        version : Version
            What `resolve` or `versions` gave.
        place : str or Path
            The folder; a bundle that is there already is replaced whole.
        verifying_key : Path, optional
            Public key, PEM: a bundle that it does not verify is refused.

        Raises
        ------
        StoreError
            If a file is missing, or of another size than published.
        BundleError
            If the bundle can't be trusted, or the folder can't be written.
        """
        with self._copy(version) as folder:
            verify_copy(folder, verifying_key)
            write_folder(Path(place), folder)

    def verify(self, version: Version, verifying_key: Path | None = None) -> Manifest:
        """Verify a version: signature, manifest, and the hash of each file.

        Parameters
        ----------
        version : Version
            What `resolve` or `versions` gave.
        verifying_key : Path, optional
            Public key, PEM; without it no signature is looked at.

        Returns
        -------
        Manifest
            What the bundle is made of.

        Raises
        ------
        StoreError
            If a file is missing, or of another size than published.
        BundleError
            If the bundle can't be trusted.
        """
        with self._copy(version) as folder:
            return verify_copy(folder, verifying_key)

    @contextmanager
    def _copy(self, version: Version, names: Iterable[str] | None = None) -> Iterator[Path]:
        """Download to where nobody else can change it."""
        try:
            with TemporaryDirectory(prefix="ropewalk-") as folder:  # Only its owner may enter.
                self.download(version, Path(folder), names)
                if bundle_digest(Path(folder)) != version.digest:
                    raise BundleError(
                        f"{MANIFEST}: is another than the one published: don't use it"
                    )
                yield Path(folder)
        except BundleError as error:
            raise BundleError(f"{version}: {error}") from error

    def promote(
        self,
        model: str,
        version: int,
        alias: str,
        *,
        why: str,
        who: str,
        expected: int | None = None,
    ) -> Move:
        """Move an alias to a version, if nobody else moves it meanwhile.

        Parameters
        ----------
        model, alias : str
            Names.
        version : int
            Number of the version that it stands for from then on.
        why, who : str
            Kept in the history.
        expected : int, optional
            Version that it stood for when this was decided, 0 for none: if it no longer does,
            nothing is moved. By default what it stands for when this is called.

        Returns
        -------
        Move
            The step; the last one, if it stands for this version already.

        Raises
        ------
        StoreConflictError
            If somebody else was first: the message tells who, when and why.
        StoreError
            If there is no such version, or a name is not plain.
        """
        check_name("alias", alias)
        target = self.resolve(f"{check_name('model', model)}/{version}")
        moves = self.history(model, alias)
        _check_expected(moves, f"{model}@{alias}", expected)
        return self._move(target, alias, moves, why=why, who=who)

    def rollback(
        self, model: str, alias: str, *, why: str, who: str, expected: int | None = None
    ) -> Move:
        """Move an alias back to what it was before; again, and it is one more step back.

        Parameters
        ----------
        model, alias : str
            Names.
        why, who : str
            Kept in the history.
        expected : int, optional
            As in `promote`.

        Returns
        -------
        Move
            The step back.

        Raises
        ------
        StoreConflictError
            If somebody else was first: the message tells who, when and why.
        StoreError
            If there is nothing to go back to, or it was removed.
        """
        check_name("alias", alias)
        moves = self.history(check_name("model", model), alias)
        if not moves:
            self._current(Reference(model, alias=alias))
        _check_expected(moves, f"{model}@{alias}", expected)
        standing = path_of(moves)
        if len(standing) < 2:
            raise StoreError(
                f"{model}@{alias}: was at nothing before {model}/{standing[-1]}:"
                " promote another version instead"
            )
        target = self.resolve(f"{model}/{standing[-2]}")
        return self._move(target, alias, moves, why=why, who=who, back=True)

    def _move(
        self,
        target: Version,
        alias: str,
        moves: Sequence[Move],
        *,
        why: str,
        who: str,
        back: bool = False,
    ) -> Move:
        why, who = check_text("why", why), check_text("who", who)
        current = moves[-1].to_version if moves else None
        if current == target.number:
            return moves[-1]
        move = Move(len(moves) + 1, current, target.number, who, now(), why, back)
        if self._append(target.model, alias, move):
            return move
        winner = self.history(target.model, alias)[len(moves) :][:1]
        raise _conflict(f"{target.model}@{alias}", winner)

    def _current(self, asked: Reference) -> int:
        """Tell the version that an alias stands for."""
        moves = self.history(asked.model, str(asked.alias))
        if moves:
            return moves[-1].to_version
        self._check_model(asked.model)
        raise StoreError(
            f"{asked}: no such alias; there are: {_some(self.aliases(asked.model))};"
            " promote a version to it first"
        )

    def _check_model(self, model: str) -> None:
        models = self.models()
        if model not in models:
            raise StoreError(f"{model}: no such model in {self.url}; there are: {_some(models)}")


def path_of(moves: Sequence[Move]) -> list[int]:
    """Give the versions that rollbacks would go through, the last one where it is now.

    Examples
    --------
    >>> steps = [(None, 1, False), (1, 2, False), (2, 3, False), (3, 2, True), (2, 4, False)]
    >>> path_of([Move(0, a, b, "ann", "", "", back) for a, b, back in steps])
    [1, 2, 4]
    """
    standing: list[int] = []
    for move in moves:
        if move.rollback:
            del standing[-1:]
        else:
            standing.append(move.to_version)
    return standing


def _check_expected(moves: Sequence[Move], place: str, expected: int | None) -> None:
    current = moves[-1].to_version if moves else 0
    if expected is not None and expected != current:
        raise _conflict(place, moves[-1:])


def _conflict(place: str, winner: Sequence[Move]) -> StoreConflictError:
    told = "it stands for no version"
    for move in winner:
        told = (
            f"{move.who} was first and moved it to version {move.to_version} at {move.when}"
            f" ({move.why})"
        )
    return StoreConflictError(f"{place}: not moved; {told}: look at its history and decide again")


def _some(names: Iterable[str]) -> str:
    return ", ".join(list(names)[:20]) or "none"
