import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd.build.utils.shards import (
    ROOT,
    TIMES,
    main,
    parse_shard,
    process,
    read_times,
    shard,
)

FILES = [
    *(f"libs/{room}/tests/unit/test_{i}.py" for room in ("a", "b") for i in range(6)),
    *(f"apps/c/tests/integration/test_{i}.py" for i in range(4)),
]
SECONDS = st.floats(0, 1000)
TIMED = st.dictionaries(
    st.sampled_from([*FILES, "libs/a/tests/unit", "libs/b/tests/unit"]), SECONDS
)
TESTS = st.lists(st.sampled_from([f"{file}:../../unit" for file in FILES]), unique=True)


def duration(tests: list[str], times: dict[str, float]) -> float:
    """What one machine takes: each test, and each room's start-up once."""
    paths = [test.split(":")[0] for test in tests]
    rooms = {process(path) for path in paths} - set(paths)
    return sum(times[path] for path in paths) + sum(times.get(room, 0) for room in rooms)


@given(TESTS, st.integers(1, 6), TIMED)
def test_each_test_is_in_exactly_one_shard(
    tests: list[str], n: int, times: dict[str, float]
) -> None:
    shards = [shard(tests, k, n, times) for k in range(n)]

    assert sorted(test for chosen in shards for test in chosen) == sorted(tests)


@given(TESTS.flatmap(lambda tests: st.tuples(st.just(tests), st.permutations(tests))), TIMED)
def test_order_of_the_tests_does_not_matter(
    orders: tuple[list[str], list[str]], times: dict[str, float]
) -> None:
    assert shard(orders[0], 1, 3, times) == shard(orders[1], 1, 3, times)


@given(TESTS, st.integers(1, 6), st.tuples(*[SECONDS] * len(FILES)))
def test_shards_differ_by_an_even_share_and_one_test_at_most(
    tests: list[str], n: int, seconds: tuple[float, ...]
) -> None:
    times = {**dict(zip(FILES, seconds, strict=True)), "libs/a/tests/unit": 100.0}

    took = [duration(shard(tests, k, n, times), times) for k in range(n)]

    longest = max((duration([test], times) for test in tests), default=0)
    assert max(took) - min(took) <= duration(tests, times) / n + longest + 1e-6


@given(TESTS, st.integers(1, 6), st.tuples(*[SECONDS] * len(FILES)))
def test_shards_of_separate_processes_differ_by_one_test_at_most(
    tests: list[str], n: int, seconds: tuple[float, ...]
) -> None:
    tests = [test.replace("/unit/", "/integration/") for test in tests]
    names = [file.replace("/unit/", "/integration/") for file in FILES]
    times = dict(zip(names, seconds, strict=True))

    took = [duration(shard(tests, k, n, times), times) for k in range(n)]

    longest = max((duration([test], times) for test in tests), default=0)
    assert max(took) - min(took) <= longest + 1e-6


def test_an_unknown_test_counts_as_the_median() -> None:
    times = {"a.py": 1.0, "b.py": 4.0, "c.py": 9.0, "libs/a/tests/unit": 1000.0}
    tests = ["a.py:unit", "new.py:unit", "c.py:unit"]

    assert shard(tests, 0, 2, times) == ["c.py:unit"]
    assert shard(["a.py", "b.py", "new.py"], 1, 3, times) == ["new.py"]


def test_rooms_stay_together() -> None:
    times = {**dict.fromkeys(FILES, 1.0), "libs/a/tests/unit": 9.0, "libs/b/tests/unit": 9.0}

    shards = [shard(FILES[:12], k, 2, times) for k in (0, 1)]

    assert shards == [FILES[:6], FILES[6:12]]


def test_a_room_longer_than_an_even_share_is_divided() -> None:
    times = {**dict.fromkeys(FILES, 4.0), "libs/a/tests/unit": 2.0}

    took = [duration(shard(FILES[:6], k, 3, times), times) for k in range(3)]

    assert took == [10, 10, 10]


def test_what_takes_no_time_but_the_start_is_divided_too() -> None:
    times = {**dict.fromkeys(FILES, 0.0), "libs/a/tests/unit": 100.0}

    assert [len(shard(FILES[:6], k, 3, times)) for k in range(3)] == [2, 2, 2]


def test_without_times_each_test_counts_the_same() -> None:
    assert [len(shard(FILES, k, 4, {})) for k in range(4)] == [4, 4, 4, 4]


@pytest.mark.parametrize(("text", "pair"), [("0/1", (0, 1)), ("2/5", (2, 5)), ("10/11", (10, 11))])
def test_a_shard_is_read_as_pants_reads_it(text: str, pair: tuple[int, int]) -> None:
    assert parse_shard(text) == pair


@pytest.mark.parametrize(
    "text", ["", "1", "3/3", "-1/3", "1/0", "a/b", "0/99999", "0/3\n", " 0/3", "\u0660/3"]
)
def test_what_is_no_shard_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write k/n with k from 0 to n - 1, for example 0/3"):
        parse_shard(text)


SUITE = '<testsuites><testsuite time="{time}">{cases}</testsuite></testsuites>'
CASE = '<testcase classname="{name}" name="test" time="{time}" />'


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    for path in (TIMES, *map(Path, FILES)):
        (tmp_path / path.parent).mkdir(parents=True, exist_ok=True)
        if path.suffix == ".py":
            (tmp_path / path).touch()
    (tmp_path / "reports").mkdir()
    return tmp_path


def report(repo: Path, name: str, time: str, **cases: float) -> None:
    text = "".join(CASE.format(name=case, time=seconds) for case, seconds in cases.items())
    (repo / "reports" / f"{name}.xml").write_text(SUITE.format(time=time, cases=text))


def record(repo: Path) -> int:
    return main(["record", str(repo / "reports"), "--root", str(repo)])


def test_tests_and_start_ups_are_recorded_apart(repo: Path) -> None:
    unit = {f"libs.a.tests.unit.test_{i}": float(i) for i in (1, 2)}
    report(repo, "batch", "10", **unit, **{"libs.a.tests.unit.test_1.TestClass": 0.5})
    report(repo, "second batch", "3", **{"libs.a.tests.unit.test_3": 1.25})
    report(repo, "alone", "8.04", **{"apps.c.tests.integration.test_0": 5.0, "gone.test_1": 1.0})

    assert record(repo) == 0
    assert (repo / TIMES).read_text() == (
        "{\n"
        '  "apps/c/tests/integration/test_0.py": 8.0,\n'
        '  "libs/a/tests/unit": 6.5,\n'
        '  "libs/a/tests/unit/test_1.py": 1.5,\n'
        '  "libs/a/tests/unit/test_2.py": 2.0,\n'
        '  "libs/a/tests/unit/test_3.py": 1.2\n'
        "}\n"
    )


def test_only_what_moved_changes(repo: Path) -> None:
    before = {
        "libs/a/tests/unit/test_0.py": 4.0,
        "libs/a/tests/unit/test_1.py": 4.0,
        "libs/b/tests/unit/test_0.py": 7.0,
        "libs/b/tests/unit/test_gone.py": 7.0,
    }
    (repo / TIMES).write_text(json.dumps(before))
    moved = {"libs.a.tests.unit.test_0": 4.9, "libs.a.tests.unit.test_1": 5.1}
    report(repo, "batch", "10", **moved)

    assert record(repo) == 0
    assert read_times(repo / TIMES) == {
        "libs/a/tests/unit": 0.0,
        "libs/a/tests/unit/test_0.py": 4.0,
        "libs/a/tests/unit/test_1.py": 5.1,
        "libs/b/tests/unit/test_0.py": 7.0,
    }


@pytest.mark.parametrize(
    ("content", "times", "told"),
    [
        (None, None, "holds no report of one"),
        ("<testsuites><testsuite", None, "no complete test report"),
        ("<testsuites><testsuite /></testsuites>", None, "holds no report of one"),
        (SUITE.format(time="", cases=""), None, "no complete test report"),
        (SUITE.format(time="1", cases=""), "[", "is no JSON"),
        (SUITE.format(time="1", cases=""), '{"a.py": true}', "must hold seconds by path"),
        (SUITE.format(time="1", cases=""), '{"a.py": -1}', "must hold seconds by path"),
        (SUITE.format(time="1", cases=""), '{"a.py": NaN}', "must hold seconds by path"),
    ],
)
def test_a_bad_report_or_file_is_one_line_and_changes_nothing(
    repo: Path,
    capsys: pytest.CaptureFixture[str],
    content: str | None,
    times: str | None,
    told: str,
) -> None:
    if content is not None:
        (repo / "reports" / "one.xml").write_text(content)
    if times is not None:
        report(repo, "two", "1", **{"libs.a.tests.unit.test_0": 1.0})
        (repo / TIMES).write_text(times)

    assert record(repo) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("shards: ")
    assert told in line
    assert (repo / TIMES).read_text() == times if times else not (repo / TIMES).exists()


def test_the_committed_times_are_of_tests_that_are_there() -> None:
    times = read_times(ROOT / TIMES)

    assert len(times) > 50
    assert list(times) == sorted(times)
