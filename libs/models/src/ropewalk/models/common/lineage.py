"""What the bytes of a model depend on beside data and configuration."""

from __future__ import annotations

import hashlib
import platform
import re
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

_CPU_INFO = Path("/proc/cpuinfo")


def describe_environment() -> dict[str, object]:
    """Describe the machine and the packages that a model is fitted with, for its lineage.

    The same data, configuration, packages, processor and threads give the same model to the bit.
    Where two models differ and data and configuration do not, the difference is in here.

    Returns
    -------
    dict
        As JSON can hold it, the same whenever it is asked for in the same environment:

        - `python`, its version; `platform`, the system, its C library and the kind of processor;
        - `cpu`, the `model` and the `features` that numpy's loops use;
        - `threads`, a list of the libraries that compute with several: what for, which one,
          its `version`, the processor that it computes for and how many threads it takes;
        - `packages`, how many are installed, and the SHA-256 of ``name==version`` of each, sorted.

    Examples
    --------
    >>> sorted(describe_environment())
    ['cpu', 'packages', 'platform', 'python', 'threads']
    >>> describe_environment() == describe_environment()
    True
    """
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    installed = {f"{_normal(found.name)}=={found.version}" for found in distributions()}
    return {
        "python": platform.python_version(),
        "platform": " ".join(
            part for part in (platform.system(), *platform.libc_ver(), platform.machine()) if part
        ),
        "cpu": {
            "model": _cpu_model(),
            "features": sorted({*simd["baseline"], *simd.get("found", [])}),
        },
        "threads": sorted(
            (
                {
                    "for": library["user_api"],
                    "library": library["internal_api"],
                    "version": library["version"],
                    "processor": library.get("architecture"),
                    "threads": library["num_threads"],
                }
                for library in threadpool_info()
            ),
            key=lambda library: [str(value) for value in library.values()],
        ),
        "packages": {
            "count": len(installed),
            "sha256": hashlib.sha256("\n".join(sorted(installed)).encode()).hexdigest(),
        },
    }


def _normal(name: str) -> str:
    """Write a distribution's name as PEP 503 does: its metadata may be written in another way."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _cpu_model() -> str:
    if _CPU_INFO.exists():
        for line in _CPU_INFO.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
