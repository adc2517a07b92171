"""What goes with a wheel: a list of its parts (CycloneDX) and where it comes from (SLSA).

Neither says when it was made: made again from the same commit, both are the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

from cicd.build.utils.check_wheels import install
from cicd.build.utils.environments import environment
from cicd.build.utils.rooms import ReleaseError


def sha256(path: Path) -> str:
    """Return the digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def metadata(wheel: Path) -> Message:
    """Return the metadata of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def parts_list(wheel: Path, others: list[Path], kind: str, where: Path) -> str:
    """Return the CycloneDX document of a wheel, from an environment with it and what it requires.

    Parameters
    ----------
    wheel
        The wheel.
    others
        The wheels of ours that it asks for.
    kind
        ``library`` or ``application``.
    where
        An empty folder to work in.
    """
    links = where / "links"
    links.mkdir()
    for path in (wheel, *others):
        shutil.copy(path, links)
    programs = install(links, environment("packaging", "uv"), where)
    described = metadata(wheel)
    project = {
        "name": described["Name"],
        "version": described["Version"],
        "description": described["Summary"],
        "license": described["License"],
        "dependencies": described.get_all("Requires-Dist") or [],
    }
    # JSON strings and lists of them are TOML, too.
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in project.items() if value]
    (where / "pyproject.toml").write_text("[project]\n" + "".join(lines))
    command = [
        *(str(environment("versions") / "cyclonedx-py"), "environment", "--output-reproducible"),
        *("--spec-version", "1.6", "--output-format", "JSON", "--mc-type", kind),
        *("--pyproject", "pyproject.toml", str(programs / "python")),
    ]
    result = subprocess.run(command, cwd=where, capture_output=True, text=True)
    if result.returncode:
        raise ReleaseError(f"no CycloneDX list of {wheel.name}: {result.stderr.strip()[-300:]}")
    document = json.loads(result.stdout)
    document["metadata"]["component"] |= {
        "hashes": [{"alg": "SHA-256", "content": sha256(wheel)}],
        "purl": f"pkg:pypi/{project['name']}@{project['version']}",
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def provenance(wheel: Path, repo: Path, commit: str, tag: str) -> str:
    """Return the in-toto statement of a wheel, with SLSA's provenance as its predicate.

    Parameters
    ----------
    wheel
        The wheel.
    repo
        The commit that it was built from, checked out.
    commit, tag
        The commit and its tag.
    """
    locks = sorted((repo / "3rdparty/python").rglob("*.lock"))
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": wheel.name, "digest": {"sha256": sha256(wheel)}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:ropewalk:cicd:release:wheel:1",
                "externalParameters": {"tag": tag},
                "resolvedDependencies": [
                    {"name": "source", "digest": {"gitCommit": commit}},
                    *(
                        {
                            "name": lock.relative_to(repo).as_posix(),
                            "digest": {"sha256": sha256(lock)},
                        }
                        for lock in locks
                    ),
                ],
            },
            "runDetails": {"builder": {"id": os.environ.get("BUILDER_ID", "urn:ropewalk:local")}},
        },
    }
    return json.dumps(statement, indent=2, sort_keys=True) + "\n"
