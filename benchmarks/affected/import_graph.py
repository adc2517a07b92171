"""An import graph that looks like a real one: layers, a few hubs, a long tail, no cycle.

A lib imports only libs that were there before it, mostly of the layer below, and rather one that
many import already than one that nobody does. So a few libs end up under nearly everything, and
most under next to nothing, as in repositories that grew for years.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# The share of the libs in each layer, from the bottom; a layer may import what is below it.
LAYERS = {"base": 0.04, "core": 0.16, "domain": 0.35, "product": 0.45}
# How much rather a lib imports from the layers: its own, the next one below, and so on.
NEARNESS = (0.15, 1.0, 0.5, 0.4)
# How many libs a lib imports, by what is drawn.
IMPORTED_LIBS = (1, 1, 2, 2, 3, 3, 4, 6)
# How many modules a lib has, and of how many files its tests are: 5 and 3 on average.
SIZES = ((3, 2), (3, 2), (4, 2), (4, 3), (5, 3), (5, 3), (5, 3), (6, 4), (7, 4), (8, 4))
# Beside the package itself. A later one may import an earlier one.
MODULE_NAMES = ("errors", "records", "rules", "store", "engine", "report", "service")


@dataclass(frozen=True)
class Lib:
    """A lib: its modules, by dotted name, with what each imports.

    Attributes
    ----------
    name
        Its layer and number, as ``core_017``.
    modules
        What each module imports of this and other libs. ``core_017`` is the package itself.
    tested
        The modules with a unit test of their own.
    numpy
        Whether its last module imports numpy.
    """

    name: str
    modules: Mapping[str, tuple[str, ...]]
    tested: tuple[str, ...]
    numpy: bool

    @property
    def layer(self) -> str:
        """The layer it is in."""
        return self.name.partition("_")[0]

    @property
    def libs(self) -> list[str]:
        """The other libs that it imports."""
        imported = {lib_of(name) for imports in self.modules.values() for name in imports}
        return sorted(imported - {self.name})


def lib_of(module: str) -> str:
    """Return the lib that a module is in."""
    return module.partition(".")[0]


def layer_of(number: int, total: int) -> str:
    """Return the layer of one of so many libs; every layer above the first one may be empty."""
    end = 0.0
    for layer, share in LAYERS.items():
        end += share * total
        if number < max(1.0, end):
            return layer
    return layer


def _libs_below(
    generator: random.Random, layer: str, earlier: list[Lib], dependents: Mapping[str, int]
) -> list[Lib]:
    """Draw the libs that a new one imports, those with many dependents first of all."""
    order = list(LAYERS)
    left = list(earlier)
    drawn = []
    for _ in range(min(generator.choice(IMPORTED_LIBS), len(earlier))):
        weights = [
            (1 + dependents[lib.name]) * NEARNESS[order.index(layer) - order.index(lib.layer)]
            for lib in left
        ]
        drawn.append(left.pop(generator.choices(range(len(left)), weights)[0]))
    return drawn


def _module_of(generator: random.Random, lib: Lib) -> str:
    """Return what another lib imports of a lib: mostly the package, if that exports something."""
    if lib.modules[lib.name] and generator.random() < 0.7:
        return lib.name
    return generator.choice([name for name in lib.modules if name != lib.name])


def _new_lib(
    generator: random.Random, name: str, size: tuple[int, int], below: list[Lib], exports: bool
) -> Lib:
    """Return a lib of that size which imports the libs below it."""
    names = [f"{name}.{module}" for module in MODULE_NAMES[: size[0] - 1]]
    imports: dict[str, set[str]] = {name: set(names[-1:]) if exports else set()}
    for number, module in enumerate(names):
        own = generator.sample(names[:number], min(number, generator.choice((0, 1, 1, 2))))
        imports[module] = set(own)
    for lib in below:
        for module in generator.sample(names, generator.choice((1, 1, 2))):
            imports[module].add(_module_of(generator, lib))
    return Lib(
        name=name,
        modules={module: tuple(sorted(imported)) for module, imported in imports.items()},
        # Two files test the lib as a whole.
        tested=tuple(sorted(generator.sample(names, size[1] - 2))),
        numpy=not name.startswith("base") and generator.random() < 0.25,
    )


def make_graph(libs: int, seed: int) -> list[Lib]:
    """Return so many libs, each after all that it imports; the same for the same seed."""
    generator = random.Random(seed)
    made: list[Lib] = []
    dependents: dict[str, int] = {}
    sizes: list[tuple[int, int]] = []
    for number in range(libs):
        sizes = sizes or generator.sample(SIZES, len(SIZES))
        layer = layer_of(number, libs)
        below = _libs_below(generator, layer, made, dependents)
        exports = generator.random() < (0.3 if layer == "product" else 0.7)
        lib = _new_lib(generator, f"{layer}_{number:03d}", sizes.pop(), below, exports)
        for imported in lib.libs:
            dependents[imported] += 1
        dependents[lib.name] = 0
        made.append(lib)
    return made


def _reads(lib: Lib) -> Iterator[tuple[str, str]]:
    """Yield each module with each one that Python reads for it."""
    for module, imports in lib.modules.items():
        for name in {*imports, lib.name}:
            yield module, name
            # Whoever imports a module imports the package that it is in.
            yield module, lib_of(name)


def reach(libs: list[Lib]) -> dict[str, int]:
    """Return for each module how many libs would notice its change, its own among them."""
    readers: dict[str, set[str]] = {module: set() for lib in libs for module in lib.modules}
    for lib in libs:
        for module, name in _reads(lib):
            readers[name].add(module)
    reached = {}
    for module in readers:
        seen = {module}
        waiting = [module]
        while waiting:
            new = readers[waiting.pop()] - seen
            seen |= new
            waiting += new
        reached[module] = len({lib_of(name) for name in seen})
    return reached


def sample_changes(libs: list[Lib], seed: int, count: int) -> dict[str, list[str]]:
    """Draw modules to change: leaves, hubs, and what is in the middle, so many of each.

    A leaf reaches no other lib; a hub is among the twentieth of the modules that reach most; the
    middle is the middle fifth of all others. Packages are left out: they have no number to change.
    """
    reached = {module: libs for module, libs in reach(libs).items() if "." in module}
    ranked = sorted(reached, key=lambda module: (reached[module], module))
    leaves = [module for module in ranked if reached[module] == 1]
    hubs = ranked[-max(1, len(ranked) // 20) :]
    others = [module for module in ranked if module not in leaves and module not in hubs]
    middle = others[len(others) * 2 // 5 : len(others) * 3 // 5 + 1]
    generator = random.Random(seed)
    return {
        kind: sorted(generator.sample(modules, min(count, len(modules))))
        for kind, modules in (("leaf", leaves), ("middle", middle), ("hub", hubs))
    }
