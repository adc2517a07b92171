"""A wheel's version is the text of the file VERSION beside its BUILD file.

Pants asks for a version in the BUILD file, where a release tool could not write it safely. And a
wheel asks for any version of our libs from the one that it was built beside to the next break, a
range that Pants' own setting can't say (docs/adr/0007).
"""

from packaging.version import InvalidVersion, Version  # pants: no-infer-dep
from pants.backend.python.subsystems.setup_py_generation import (
    SetupPyGeneration,  # pants: no-infer-dep
)
from pants.backend.python.target_types import PythonDistribution  # pants: no-infer-dep
from pants.backend.python.util_rules import package_dists  # pants: no-infer-dep
from pants.engine.fs import DigestContents, GlobMatchErrorBehavior, PathGlobs  # pants: no-infer-dep
from pants.engine.rules import Get, collect_rules, rule  # pants: no-infer-dep
from pants.engine.target import Target  # pants: no-infer-dep
from pants.engine.unions import UnionRule  # pants: no-infer-dep


def _range(self: SetupPyGeneration, version: str) -> str:
    return f">={version},<{Version(version).major + 1}"


SetupPyGeneration.first_party_dependency_version = _range


class VersionFileRequest(package_dists.SetupKwargsRequest):
    """The wheel whose version is asked for."""

    @classmethod
    def is_applicable(cls, target: Target) -> bool:
        """Every wheel has a VERSION file."""
        return isinstance(target, PythonDistribution)


@rule
async def read_version(request: VersionFileRequest) -> package_dists.SetupKwargs:
    """Add the version to the arguments of ``setup()``."""
    path = f"{request.target.address.spec_path}/VERSION"
    contents = await Get(
        DigestContents,
        PathGlobs(
            [path], GlobMatchErrorBehavior.error, description_of_origin=str(request.target.address)
        ),
    )
    text = contents[0].content.decode().strip()
    try:
        Version(text)
    except InvalidVersion:
        raise ValueError(
            f"{path} says {text!r}, which is no version; write one like 1.4.0 (PEP 440)"
        ) from None
    return package_dists.SetupKwargs(
        {**request.explicit_kwargs, "version": text}, address=request.target.address
    )


def rules() -> list[object]:
    """Return what Pants registers."""
    return [*collect_rules(), UnionRule(package_dists.SetupKwargsRequest, VersionFileRequest)]
