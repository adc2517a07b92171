"""Which packages a change of a lock reaches: those with a new pin, and all that need them."""

from __future__ import annotations

import re

PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", re.MULTILINE)
VIA = re.compile(r"^ +# via (.*)$", re.MULTILINE)


def normalize(name: str) -> str:
    """Return a package's name as all its spellings are compared (PEP 503).

    Examples
    --------
    >>> normalize("Scikit_Learn")
    'scikit-learn'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(lock: str) -> dict[str, tuple[str, list[str]]]:
    """Return for each package of a lock its pins with hashes, and who needs it."""
    found: dict[str, tuple[str, list[str]]] = {}
    starts = [match.start() for match in PIN.finditer(lock)]
    for start, end in zip(starts, [*starts[1:], len(lock)], strict=True):
        text = lock[start:end]
        pin = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
        match = PIN.match(pin)
        if match:
            pins, via = found.get(normalize(match[1]), ("", []))  # one entry a platform, maybe
            via += [name for names in VIA.findall(text) for name in names.split(", ")]
            found[normalize(match[1])] = (pins + pin, via)
    return found


def reached(old: str, new: str) -> set[str]:
    r"""Return the packages whose own pin, or one of what they need, differs between two locks.

    Examples
    --------
    >>> lock = "numpy=={}\n    # via pandas\npandas==3.1\n    # via -r requirements.txt\n"
    >>> sorted(reached(lock.format("2.4"), lock.format("2.5")))
    ['numpy', 'pandas']
    """
    before, after = entries(old), entries(new)
    names = before.keys() | after.keys()
    nothing: tuple[str, list[str]] = ("", [])
    waiting = [
        name for name in names if before.get(name, nothing)[0] != after.get(name, nothing)[0]
    ]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            needed_by = before.get(name, nothing)[1] + after.get(name, nothing)[1]
            waiting += [normalize(by.partition("[")[0]) for by in needed_by if by[0] != "-"]
    return found
