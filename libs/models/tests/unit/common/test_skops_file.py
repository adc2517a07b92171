from __future__ import annotations

import io
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from ropewalk.models import TRUSTED_TYPES, HistogramBoostingRegressor
from ropewalk.models.common import skops_file as module
from ropewalk.models.common.skops_file import dump_estimator, load_estimator
from ropewalk.models.errors import BundleError

NAME = "pipeline.skops"


class Holder(BaseEstimator):  # type: ignore[misc]
    """Holds anything, as third parties' estimators do."""


HOLDER = f"{Holder.__module__}.{Holder.__qualname__}"


def _dumped(estimator: BaseEstimator) -> bytes:
    with TemporaryDirectory() as place:
        path = Path(place) / NAME
        dump_estimator(path, estimator)
        return path.read_bytes()


def _loaded(content: bytes, trusted: Sequence[str]) -> BaseEstimator:
    with TemporaryDirectory() as place:
        path = Path(place) / NAME
        path.write_bytes(content)
        return load_estimator(path, trusted)


def _holder(**held: object) -> Holder:
    holder = Holder()
    holder.__dict__.update(held)
    return holder


def _back(holder: Holder) -> dict[str, object]:
    back = _loaded(_dumped(holder), trusted=(HOLDER,))
    return dict(vars(back))


def test_says_nothing_of_addresses_and_times() -> None:
    content = _dumped(_holder(array=np.arange(3.0), raw=b"raw"))

    with ZipFile(io.BytesIO(content)) as archive:
        assert [member.filename for member in archive.infolist()] == [
            "0.npy",
            "1.bin",
            "schema.json",
        ]
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_gives_the_same_bytes_for_equal_objects_at_other_addresses() -> None:
    def make() -> bytes:
        texts = ["".join(["J", "FK"]), "EWR"]
        held = {(text, number) for text in texts for number in range(20)}
        return _dumped(_holder(airports=held, arrays=[np.zeros(2), np.zeros(2)]))

    assert make() == make()


def test_a_vectorizer_has_no_address_in_it_and_counts_the_same() -> None:
    texts = ["late at night", "early"]
    one, other = (CountVectorizer(stop_words=["at"]).fit(texts) for _ in range(2))
    assert one._stop_words_id != other._stop_words_id

    content = _dumped(one)

    assert _dumped(other) == content
    back = _loaded(content, trusted=())
    assert back.transform(texts).toarray().tolist() == one.transform(texts).toarray().tolist()


def test_whether_equal_texts_are_one_object_does_not_matter() -> None:
    text, same = ("".join(["J", "FK"]) for _ in range(2))
    assert text is not same

    once = _dumped(_holder(origin=text, dest=text))

    assert _dumped(_holder(origin=text, dest=same)) == once


def test_the_order_in_which_a_set_happens_to_be_does_not_matter() -> None:
    # 0 and 8 collide in a set's table, so that they stay in the order in which they came.
    one, other = set([0, 8]), set([8, 0])
    assert list(one) != list(other)

    assert _dumped(_holder(held=one)) == _dumped(_holder(held=other))


def test_tells_one_object_held_twice_from_two_that_are_equal() -> None:
    shared = np.zeros(2)

    back = _back(_holder(one=shared, same=shared, other=np.zeros(2)))

    assert back["one"] is back["same"]
    assert back["one"] is not back["other"]


def test_keeps_what_it_holds() -> None:
    held = {
        "file": "a column of this name",
        "__id__": 5,
        "texts": {"b", "a"},
        "bytes": b"\x00\xff",
        "nested": {"content": [1, (2.5, None)], "file": "x"},
        "part": slice(1, 5),
    }

    assert _back(_holder(held=held))["held"] == held


def test_refuses_to_write_what_skops_can_not() -> None:
    with open(os.devnull, "rb") as file, pytest.raises(BundleError, match="can't write Holder"):
        _dumped(_holder(file=file))


def test_refuses_types_that_are_not_trusted_by_their_names() -> None:
    model = make_pipeline(FunctionTransformer(os.system), HistogramBoostingRegressor(max_iter=1))
    model[-1].fit(np.arange(40.0)[:, None], np.arange(40.0))
    content = _dumped(model)

    with pytest.raises(BundleError) as caught:
        _loaded(content, trusted=TRUSTED_TYPES)

    assert str(caught.value) == (
        "pipeline.skops: holds types that are not trusted: posix.system;"
        " add to trusted those that you have reviewed"
    )


def test_runs_nothing_of_a_file_that_is_refused(tmp_path: os.PathLike[str]) -> None:
    # Building a partial of os.mkdir and calling it through a constructor would leave a folder.
    made = os.path.join(tmp_path, "made")
    schema = (
        '{"__class__": "mkdir", "__module__": "os", "__loader__": "ConstructorFromReduceNode",'
        ' "content": {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode",'
        ' "content": [{"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode",'
        f' "content": "\\"{made}\\""}}]}}, "protocol": 2, "_skops_version": "0.16.0"}}'
    )

    with pytest.raises(BundleError, match=r"not trusted: os\.mkdir"):
        _loaded(_zip({"schema.json": schema.encode()}), trusted=TRUSTED_TYPES)

    assert not os.path.exists(made)
    # The same file does run where its type is trusted: the test is not blind.
    _loaded(_zip({"schema.json": schema.encode()}), trusted=("os.mkdir",))
    assert os.path.exists(made)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(LinearRegression()),
        b"",
        b"PK",
        _dumped(LinearRegression())[:-30],
    ],
    ids=["pickle", "empty", "start", "cut off"],
)
def test_refuses_what_is_no_skops_file(content: bytes) -> None:
    with pytest.raises(BundleError, match=r"^pipeline\.skops: skops can't read it") as caught:
        _loaded(content, trusted=TRUSTED_TYPES)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"schema.json": b"{}"},
        {"schema.json": b'{"protocol": 99}'},
        {"schema.json": b'{"protocol": 2, "__loader__": "NoSuchNode"}'},
        {"schema.json": b"[" * 100_000},
    ],
    ids=["no schema", "empty schema", "later protocol", "no such node", "nested without end"],
)
def test_refuses_a_zip_file_that_is_no_skops_file(files: dict[str, bytes]) -> None:
    with pytest.raises(BundleError, match=r"^pipeline\.skops: skops can't read it"):
        _loaded(_zip(files), trusted=TRUSTED_TYPES)


def test_refuses_a_zip_bomb() -> None:
    content = _zip({"schema.json": b" " * 10_000_000}, compression=ZIP_DEFLATED)

    assert len(content) < 20_000
    with pytest.raises(BundleError, match="unpacks to more than it is"):
        _loaded(content, trusted=TRUSTED_TYPES)


def test_refuses_to_read_one_array_many_times() -> None:
    content = io.BytesIO()
    np.save(content, np.zeros(1_000_000))
    array = '{"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode",'
    array += ' "type": "numpy", "file": "0.npy"}'
    schema = '{"__class__": "list", "__module__": "builtins", "__loader__": "ListNode",'
    schema += f' "content": [{", ".join([array] * 5)}], "protocol": 2}}'
    files = {"0.npy": content.getvalue(), "schema.json": schema.encode()}

    with pytest.raises(BundleError, match="it is read more than twice over"):
        _loaded(_zip(files), trusted=())


def test_refuses_more_parts_than_memory_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_SCHEMA_BYTES", 100)

    with pytest.raises(BundleError, match="too many parts"):
        _loaded(_dumped(LinearRegression()), trusted=())


def test_is_as_skops_writes_it_for_whoever_reads_it_with_skops_alone() -> None:
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])

    back = skops.io.loads(_dumped(model))

    assert back.coef_.tolist() == model.coef_.tolist()


def _zip(files: dict[str, bytes], compression: int = 0) -> bytes:
    content = io.BytesIO()
    with ZipFile(content, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def test_what_a_file_says_does_not_reach_the_terminal_as_it_is() -> None:
    schema = '{"__class__": "a\\u001b[2J\\nb", "__module__": "m", "__loader__": "TypeNode",'
    schema += ' "protocol": 2}'

    with pytest.raises(BundleError, match=r"not trusted: m\.a\?\[2J\?b;"):
        _loaded(_zip({"schema.json": schema.encode()}), trusted=())
