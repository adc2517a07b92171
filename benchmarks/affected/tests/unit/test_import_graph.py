from graphlib import TopologicalSorter
from itertools import pairwise

import pytest

from benchmarks.affected.import_graph import (
    LAYERS,
    Lib,
    lib_of,
    make_graph,
    reach,
    sample_changes,
)


def dependents(libs: list[Lib]) -> list[int]:
    counts = {lib.name: 0 for lib in libs}
    for lib in libs:
        for name in lib.libs:
            counts[name] += 1
    return sorted(counts.values())


def test_same_seed_same_graph_and_another_seed_another() -> None:
    assert make_graph(100, 1) == make_graph(100, 1)
    assert make_graph(100, 1) != make_graph(100, 2)


@pytest.mark.parametrize("seed", range(5))
def test_sizes_are_as_promised(seed: int) -> None:
    libs = make_graph(300, seed)

    assert len({lib.name for lib in libs}) == 300
    assert sum(len(lib.modules) for lib in libs) == 1500
    assert sum(len(lib.tested) + 2 for lib in libs) == 900


@pytest.mark.parametrize("size", [1, 2, 10, 300])
def test_nothing_is_imported_in_a_circle(size: int) -> None:
    libs = make_graph(size, 1)

    list(TopologicalSorter({lib.name: lib.libs for lib in libs}).static_order())
    modules = {module: names for lib in libs for module, names in lib.modules.items()}
    order = list(TopologicalSorter(modules).static_order())
    assert set(order) == set(modules)


@pytest.mark.parametrize("seed", range(5))
def test_layers_import_only_what_is_below(seed: int) -> None:
    order = list(LAYERS)
    for lib in make_graph(300, seed):
        for name in lib.libs:
            assert order.index(name.partition("_")[0]) <= order.index(lib.layer)


@pytest.mark.parametrize("seed", range(5))
def test_few_hubs_and_a_long_tail(seed: int) -> None:
    counts = dependents(make_graph(300, seed))

    assert counts[-1] >= 50
    assert sum(counts[-30:]) >= sum(counts) / 2  # a tenth of the libs has half of the dependents
    assert counts[len(counts) // 2] <= 1


def test_a_module_reaches_whoever_imports_it() -> None:
    below = Lib("base_000", {"base_000": (), "base_000.errors": ()}, (), False)
    between = Lib("core_001", {"core_001": (), "core_001.errors": ("base_000.errors",)}, (), False)
    above = Lib("core_002", {"core_002": (), "core_002.errors": ("core_001",)}, (), False)

    reached = reach([below, between, above])

    assert reached == {
        # Whoever imports a module imports its package.
        "base_000": 2,
        "base_000.errors": 2,
        "core_001": 2,
        "core_001.errors": 1,
        "core_002": 1,
        "core_002.errors": 1,
    }


@pytest.mark.parametrize("size", [10, 300])
def test_a_leaf_reaches_less_than_the_middle_and_that_less_than_a_hub(size: int) -> None:
    libs = make_graph(size, 1)
    reached = reach(libs)

    sample = sample_changes(libs, 1, 3)

    assert sample == sample_changes(libs, 1, 3)
    assert list(sample) == ["leaf", "middle", "hub"]
    for less, more in pairwise(sample.values()):
        assert max(map(reached.__getitem__, less)) < min(map(reached.__getitem__, more))
    assert all(reached[module] == 1 for module in sample["leaf"])
    # A package hands on the number of a module, and has none of its own to change.
    assert all(lib_of(module) != module for modules in sample.values() for module in modules)
