"""``./pants run apps/<app>`` is the app's command line, although its image is in the same folder.

Pants takes a folder for all that can be run in it, and stops if that is more than one thing. An
image is run by a container engine, with volumes and ports that Pants knows nothing of.
"""

from pants.backend.docker.goals.run_image import DockerRunFieldSet  # pants: no-infer-dep
from pants.engine.target import Target  # pants: no-infer-dep


def _never(cls: type[DockerRunFieldSet], target: Target) -> bool:
    return True


DockerRunFieldSet.opt_out = classmethod(_never)


def rules() -> list[object]:
    """Return what Pants registers: nothing more."""
    return []
