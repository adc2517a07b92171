# What every BUILD file of a room shares. A room's own BUILD then says only what is its own:
# who looks after it, what it may use, whom it serves.


def _room(
    description,
    team,
    third_party,
    libs,
    command,
    extras={},
    entry_points={},
    chosen=(),
    test_data=(),
):
    folder = build_file_dir()
    room = folder.name
    __defaults__(all=dict(tags=[f"team:{team}"]))

    # Walls: a source file knows its own room, the listed libs and the listed packages; a test
    # may use any package. Anything else ends every goal that touches the file.
    rooms = [f"//{folder}/**", *(f"//libs/{lib}/src/**" for lib in libs)]
    __dependencies_rules__(
        (f"[//{folder}/src/**]", *rooms, *_packages(third_party), "!*"),
        (f"[//{folder}/tests/**]", *rooms, "//3rdparty/python**", "//notebooks/**", "!*"),
        ("*", "*"),
    )

    python_tests(
        name="unit",
        sources=["tests/unit/**/test_*.py"],
        # Examples are in every module and in README, so this one test needs all of them.
        overrides={
            "tests/unit/test_docstrings.py": {"dependencies": [f"//{folder}/src", ":docs"]},
        },
        # One process a room: most of a small test is the import of pandas and scikit-learn.
        batch_compatibility_tag=room,
        tags=[f"team:{team}", "unit"],
    )
    python_tests(
        name="integration",
        sources=["tests/integration/**/test_*.py"],
        dependencies=["//notebooks/dummy_data", *test_data],
        tags=[f"team:{team}", "integration"],
    )
    python_distribution(
        name="wheel",
        dependencies=[f"//{folder}/src", f"//{folder}/src:resources"],
        wheel=True,
        sdist=False,
        # The release gives the time of its commit, so that a wheel is the same bytes made again.
        env_vars=["SOURCE_DATE_EPOCH"],
        long_description_path=f"{folder}/README.md",
        provides=python_artifact(
            name=f"ropewalk-{room.replace('_', '-')}",
            description=description,
            long_description_content_type="text/markdown",
            license="MIT",
            author="The Ropewalk authors",
            python_requires=">=3.11",
            extras_require=extras,
        ),
        entry_points={
            "console_scripts": {f"ropewalk-{room.replace('_', '-')}": command} if command else {},
            **entry_points,
        },
    )
    files(name="docs", sources=["README.md", "CHANGELOG.md", "VERSION"])
    files(name="changes", sources=["changes/*.md"])
    if command:
        # `./pants run <room>`: a python_source starts in 0.4 s after an edit, a PEX in 12 s.
        python_source(name=room, source=f"{room}.py", dependencies=_packages(chosen))


def _packages(names):
    return [f"//3rdparty/python#{name}" for name in names]


def lib(
    description,
    team,
    third_party,
    dependents,
    public,
    command=None,
    extras={},
    entry_points={},
):
    """A library: sources, unit and integration tests, a wheel. It knows no other room.

    Of its modules the folders in ``dependents`` may import those that are ``public``, and all
    others are its own. ``extras`` are packages that a user of the wheel may choose to install:
    the modules that import them say `# pants: no-infer-dep`, or the wheel would require them.
    ``entry_points``, by group, are what other installed packages find this one by.
    """
    _room(description, team, third_party, [], command, extras, entry_points)
    folder = build_file_dir()
    code = f"//{folder}/src"
    modules = [f"[{code}/ropewalk/{folder.name}/{module}]" for module in public]
    __dependents_rules__(
        # Who asks for all of `src`, in a BUILD file, still imports nothing by that.
        (
            [f"[{code}]", *modules],
            f"//{folder}/**",
            *(f"//{other}/**" for other in dependents),
            "!*",
        ),
        (f"[{code}/**]", f"//{folder}/**", "!*"),
        ("*", "*"),
    )


def app(description, team, third_party, libs, chosen=(), test_data=()):
    """An application over the libs: a command line, a PEX, a wheel and an image.

    ``chosen`` are packages of the libs' extras that it comes with in the repository, the PEX and
    the image; of the wheel, the user chooses.
    """
    room = build_file_dir().name
    main = f"ropewalk.{room}.run:main"
    _room(description, team, third_party, libs, main, chosen=chosen, test_data=test_data)
    # With the packages of one Python; of all that we support, a PEX is three times as large.
    python = ["==3.11.*"]
    pex_binary(
        name="pex",
        entry_point=main,
        dependencies=_packages(chosen),
        interpreter_constraints=python,
    )
    # Two layers of one image: third-party packages, which seldom change, and our own code.
    for layer in ("deps", "srcs"):
        pex_binary(
            name=f"docker-{layer}",
            entry_point=main,
            dependencies=_packages(chosen),
            interpreter_constraints=python,
            include_requirements=layer == "deps",
            include_sources=layer == "srcs",
            include_tools=True,
            execution_mode="venv",
            layout="packed",
        )
    # apps/<room>/Dockerfile is a link: Pants takes no Dockerfile from another folder.
    docker_image(
        name="docker",
        repository=f"ropewalk-{room}",
        target_stage=room,
        extra_build_args=[f"APP={room}"],
        dependencies=[":docker-deps", ":docker-srcs", "//cicd/release/docker:context"],
    )


def sources(resource_globs=()):
    """The code of a room. Pants finds the source root by the folder of the BUILD file: src."""
    resources(name="resources", sources=["**/py.typed", *resource_globs])
    python_sources(sources=["**/*.py"], dependencies=[":resources"])
