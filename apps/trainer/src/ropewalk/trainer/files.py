"""Write a file whole or not at all."""

import secrets
from pathlib import Path


def replace_file(path: Path, text: str) -> None:
    """Write text beside a file and put it in the file's place.

    Parameters
    ----------
    path : Path
        The file; its folder exists.
    text : str
        What it is to hold, as UTF-8.
    """
    # Made anew by this process, so its owner and its mode are those of any file made here.
    unfinished = path.with_name(f".{path.name}.unfinished-{secrets.token_hex(4)}")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="")
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
