"""The tests that every store of models passes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import pandas as pd

from ropewalk.models.common.bundle import load_bundle, save_bundle
from ropewalk.models.common.bundle_folder import bundle_digest
from ropewalk.models.errors import BundleError, ModelError, StoreConflictError, StoreError
from ropewalk.models.regression.olsr_regressor import OlsrRegressor
from ropewalk.models.store.records import Version
from ropewalk.models.store.store import Store
from ropewalk.models.trusted_types import TRUSTED_TYPES

_Given = TypeVar("_Given")
_WRITERS = 8
_HOURS = pd.DataFrame({"dep_hour": [6.0, 9.0, 12.0, 15.0]})


class StoreContract(ABC):
    """Inherit this in a test class of your own store, and pytest runs all of it.

    Examples
    --------
    A test of a store then reads::

        class TestMyStore(StoreContract):
            @pytest.fixture(autouse=True)
            def _place(self, tmp_path): self.place = tmp_path
            def open_store(self): return MyStore(self.place)
    """

    @abstractmethod
    def open_store(self) -> Store:
        """Open the store, within one test the same one at each call: empty when it begins."""

    def test_nothing_is_in_it_at_first(self) -> None:
        """No model, and a reference to one is refused."""
        store = self.open_store()

        assert store.models() == []
        assert store.versions("delays") == []
        with _refused(StoreError, "delays", "no such model", store.url):
            store.resolve("delays@production")

    def test_what_was_published_comes_back_the_same(self) -> None:
        """Loaded, verified and fetched: by another process, it would be no other."""
        with _bundles(1) as (bundle,):
            version = self.open_store().publish(bundle, "delays", who="ann")
            saved = load_bundle(bundle, trusted=TRUSTED_TYPES)
            store = self.open_store()

            loaded = store.load("delays/1", trusted=TRUSTED_TYPES)

            assert (version.model, version.number, version.who) == ("delays", 1, "ann")
            assert version.digest == bundle_digest(bundle)
            assert store.models() == ["delays"]
            assert store.versions("delays") == [version] == [store.resolve("delays/1")]
            assert store.verify(version) == saved.manifest
            assert loaded.lineage == saved.lineage
            np.testing.assert_array_equal(loaded.predict(_HOURS), saved.predict(_HOURS))
            store.fetch(version, bundle.with_name("fetched"))
            assert _contents(bundle.with_name("fetched")) == _contents(bundle)

    def test_the_same_bundle_is_the_same_version(self) -> None:
        """Published again it gets no new number, another bundle does."""
        with _bundles(2) as (first, second):
            store = self.open_store()

            numbers = [
                store.publish(bundle, "delays", who=who).number
                for bundle, who in ((first, "ann"), (second, "ann"), (first, "bob"))
            ]

            assert numbers == [1, 2, 1]
            assert store.numbers("delays") == [1, 2]
            assert store.publish(first, "other-delays", who="ann").number == 1
            assert store.models() == ["delays", "other-delays"]

    def test_what_is_no_good_bundle_is_not_published(self) -> None:
        """Nothing of it is to be seen."""
        with _bundles(1) as (bundle,):
            store = self.open_store()
            (bundle / "metrics.json").write_text('{"rmse": 0.1}')

            with _refused(BundleError, str(bundle), "metrics.json"):
                store.publish(bundle, "delays", who="ann")
            with _refused(BundleError, "no bundle there"):
                store.publish(bundle.with_name("nowhere"), "delays", who="ann")

            assert store.models() == []

    def test_refuses_names_that_are_not_plain(self) -> None:
        """In whatever part, and before anything is looked up."""
        with _bundles(1) as (bundle,):
            store = self.open_store()
            store.publish(bundle, "delays", who="ann")
            for name in ("../../x", "/x", "", ".x", "Delays", "a/b", "a b", "é", "a\n", "a" * 65):
                for call in (
                    lambda: store.publish(bundle, name, who="ann"),  # noqa: B023 (called at once)
                    lambda: store.promote("delays", 1, name, why="x", who="ann"),  # noqa: B023
                    lambda: store.promote(name, 1, "staging", why="x", who="ann"),  # noqa: B023
                    lambda: store.rollback("delays", name, why="x", who="ann"),  # noqa: B023
                    lambda: store.rollback(name, "staging", why="x", who="ann"),  # noqa: B023
                    lambda: store.history("delays", name),  # noqa: B023
                    lambda: store.history(name, "staging"),  # noqa: B023
                    lambda: store.aliases(name),  # noqa: B023
                    lambda: store.versions(name),  # noqa: B023
                    lambda: store.resolve(f"{name}@staging"),  # noqa: B023
                    lambda: store.resolve(f"{name}/1"),  # noqa: B023
                    lambda: store.resolve(f"delays@{name}"),  # noqa: B023
                ):
                    with _refused(StoreError, ""):
                        call()
            assert store.models() == ["delays"]
            assert store.aliases("delays") == []

    def test_an_alias_moves_and_tells_its_history(self) -> None:
        """Who, from where, to where and why; each in its order."""
        with _bundles(2) as bundles:
            store = self.open_store()
            for bundle in bundles:
                store.publish(bundle, "delays", who="ann")

            first = store.promote("delays", 1, "production", why="the first", who="ann")
            second = store.promote("delays", 2, "production", why="better", who="bob", expected=1)
            again = store.promote("delays", 2, "production", why="retried", who="bob")

            assert self.open_store().resolve("delays@production").number == 2
            assert again == second
            assert self.open_store().history("delays", "production") == [first, second]
            told = [(m.number, m.from_version, m.to_version, m.who, m.why) for m in (first, second)]
            assert told == [(1, None, 1, "ann", "the first"), (2, 1, 2, "bob", "better")]
            assert store.aliases("delays") == ["production"]
            assert store.history("delays", "staging") == []
            loaded = store.load("delays@production", trusted=TRUSTED_TYPES)
            assert loaded.lineage == {"number": 1}

    def test_refuses_what_is_not_there(self) -> None:
        """With what there is."""
        with _bundles(1) as (bundle,):
            store = self.open_store()
            store.publish(bundle, "delays", who="ann")
            store.promote("delays", 1, "staging", why="x", who="ann")

            with _refused(StoreError, "delays/7", "there are: 1"):
                store.promote("delays", 7, "production", why="x", who="ann")
            with _refused(StoreError, "delays@production", "there are: staging"):
                store.load("delays@production", trusted=TRUSTED_TYPES)
            with _refused(StoreError, "delays@production", "there are: staging"):
                store.rollback("delays", "production", why="x", who="ann")
            with _refused(StoreError, "why is ''"):
                store.promote("delays", 1, "production", why=" ", who="ann")
            with _refused(StoreError, r"who is 'a\nb'"):
                store.promote("delays", 1, "production", why="x", who="a\nb")
            with _refused(BundleError, "delays/1", "not trusted"):
                store.load("delays/1", trusted=())
            assert store.history("delays", "production") == []

    def test_rollbacks_go_back_step_by_step(self) -> None:
        """Not to and fro, and no further than to the first."""
        with _bundles(3) as bundles:
            store = self.open_store()
            for bundle in bundles:
                number = store.publish(bundle, "delays", who="ann").number
                store.promote("delays", number, "production", why="better", who="ann")

            went = [
                store.rollback("delays", "production", why="worse", who="bob", expected=expected)
                for expected in (3, 2)
            ]

            assert [(move.from_version, move.to_version) for move in went] == [(3, 2), (2, 1)]
            assert all(move.rollback for move in went)
            assert self.open_store().resolve("delays@production").number == 1
            with _refused(StoreError, "was at nothing before delays/1"):
                store.rollback("delays", "production", why="worse", who="bob")
            with _refused(StoreConflictError, "delays@production", "bob", "version 1"):
                store.rollback("delays", "production", why="worse", who="ann", expected=3)
            assert len(store.history("delays", "production")) == 5

    def test_of_many_promotions_one_wins_each_step(self) -> None:
        """The others are told who was first, and nothing is lost or done twice."""
        with _bundles(4) as bundles:
            for bundle in bundles:
                self.open_store().publish(bundle, "delays", who="ann")
            for step in range(3):

                def promote(writer: int, step: int = step) -> str:
                    who = f"writer-{writer}"
                    try:
                        self.open_store().promote(
                            "delays", step + 1, "production", why="race", who=who, expected=step
                        )
                    except StoreConflictError as error:
                        return str(error)
                    return who

                said = _at_once(promote)

                history = self.open_store().history("delays", "production")
                winner = history[-1].who
                assert len(history) == step + 1
                assert said.count(winner) == 1
                assert all(f"{winner} was first" in told for told in said if told != winner), said

    def test_many_publish_at_once(self) -> None:
        """The same bundle gets one number, other bundles get one each."""
        with _bundles(_WRITERS) as bundles:

            def publish(bundle: Path) -> Version:
                return self.open_store().publish(bundle, "delays", who="ann")

            same = _at_once(lambda writer: publish(bundles[0]))
            others = _at_once(lambda writer: publish(bundles[writer]))

            assert {version.number for version in same} == {1}
            assert sorted(version.number for version in others) == list(range(1, _WRITERS + 1))
            store = self.open_store()
            for version in store.versions("delays"):
                store.verify(version)


def _at_once(call: Callable[[int], _Given]) -> list[_Given]:
    with ThreadPoolExecutor(_WRITERS) as pool:
        return list(pool.map(call, range(_WRITERS)))


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def _refused(kind: type[ModelError], *told: str) -> Iterator[None]:
    """Expect an error of one line that tells all of these."""
    caught = ""
    try:
        yield
    except kind as error:
        caught = str(error)
    assert caught, f"expected {kind.__name__}: {told}"
    assert "\n" not in caught
    assert all(part in caught for part in told), f"{told} not in: {caught}"


@contextmanager
def _bundles(count: int) -> Iterator[list[Path]]:
    """Save small bundles, each another."""
    with TemporaryDirectory() as folder:
        places = [Path(folder) / f"bundle-{number}" for number in range(count)]
        for number, place in enumerate(places):
            save_bundle(
                place,
                pipeline=OlsrRegressor().fit(_HOURS, [float(number), 6.0, 9.0, 15.0]),
                preparation=None,
                input_schema={"properties": {"dep_hour": {"x-dtype": "float64"}}},
                output_schema={"properties": {"arr_delay": {"type": "number"}}},
                prediction_time="sched_dep_time",
                metrics={"rmse": 1.0},
                lineage={"number": number},
                card="# Delays",
                example=_HOURS,
                trusted=TRUSTED_TYPES,
            )
        yield places
