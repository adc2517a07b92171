from pathlib import Path

import pytest

from benchmarks.affected.generate_repo import PRIME, lib_files, main, own_scores, scores
from benchmarks.affected.import_graph import make_graph


def test_a_changed_number_reaches_all_that_is_computed_from_it() -> None:
    libs = make_graph(20, 1)
    total = scores(libs)
    own = own_scores(libs, total)

    for lib in libs:
        for module, imports in lib.modules.items():
            summed = sum(total[name] for name in imports)
            assert total[module] == (own[module] + summed) % PRIME
    # A package only hands on the number of a module.
    assert all(own[lib.name] == 0 for lib in libs)


def test_every_lib_is_whole() -> None:
    libs = make_graph(10, 1)
    total = scores(libs)

    for number, lib in enumerate(libs):
        files = lib_files(lib, number, own_scores(libs, total), total)

        assert {"BUILD", "VERSION", "README.md", "CHANGELOG.md", "src/BUILD"} <= set(files)
        sources = [path for path in files if path.startswith("src/") and path.endswith(".py")]
        tests = [path for path in files if path.startswith("tests/")]
        assert len(sources) == len(lib.modules)
        assert len(tests) == len(lib.tested) + 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--libs", "0", "new"], "0 libs were asked for; give 1 to 1000"),
        (["--libs", "1001", "new"], "1001 libs were asked for; give 1 to 1000"),
        (["."], "is there already; remove it, or name another folder"),
        (["missing/new"], "missing is no folder; make it first"),
    ],
)
def test_wrong_use_is_told_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert told in capsys.readouterr().err.splitlines()[-1]
    assert not list(tmp_path.iterdir())
