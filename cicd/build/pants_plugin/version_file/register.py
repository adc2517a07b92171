"""A wheel's version is the text of the file VERSION beside its BUILD file.

Pants asks for a version in the BUILD file, where a release tool could not write it safely.
"""

from packaging.version import InvalidVersion, Version  # pants: no-infer-dep
from pants.backend.python.target_types import PythonDistribution  # pants: no-infer-dep
from pants.backend.python.util_rules import package_dists  # pants: no-infer-dep
from pants.engine.fs import DigestContents, GlobMatchErrorBehavior, PathGlobs  # pants: no-infer-dep
from pants.engine.rules import Get, collect_rules, rule  # pants: no-infer-dep
from pants.engine.target import Target  # pants: no-infer-dep
from pants.engine.unions import UnionRule  # pants: no-infer-dep


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
