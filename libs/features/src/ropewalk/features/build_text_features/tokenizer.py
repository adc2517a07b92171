"""Text into tokens: the same ones in every process and every locale."""

import unicodedata
from itertools import groupby
from typing import Literal

from ropewalk.features.errors import FeatureError


def fold(text: str) -> str:
    """Give the form of a text in which letters that read the same are the same.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Unicode NFKC with the case folded; folding it again changes nothing.

    Examples
    --------
    >>> fold("STRASSE") == fold("straße")
    True
    """
    folded = text
    # Folding can give what NFKC composes again, and the other way round.
    while (again := unicodedata.normalize("NFKC", folded).casefold()) != folded:
        folded = again
    return folded


def tokenize(text: str, kind: Literal["words", "characters"] = "words", size: int = 3) -> list[str]:
    """Cut a text into words, or into runs of characters within each word.

    A word is a run of letters, marks and digits of any script; everything else separates.

    Parameters
    ----------
    text : str
        Any text, lone surrogates and all.
    kind : {"words", "characters"}, default="words"
        What a token is. Runs of characters also match words that are nearly the same.
    size : int, default=3
        Characters in a run. A word starts and ends with a blank, so that its ends show.

    Returns
    -------
    list of str
        The tokens in their order, with repeats.

    Raises
    ------
    FeatureError
        If `kind` or `size` is of no use.

    Examples
    --------
    >>> tokenize("ExpressJet Airlines, Inc.")
    ['expressjet', 'airlines', 'inc']
    >>> tokenize("A320", kind="characters")
    [' a3', 'a32', '320', '20 ']
    """
    if kind not in ("words", "characters"):
        raise FeatureError(f"kind={kind!r}: give 'words' or 'characters'")
    if size < 1:
        raise FeatureError(f"size={size!r}: give a whole number of at least 1")
    words = ["".join(run) for inside, run in groupby(fold(text), key=_in_word) if inside]
    if kind == "words":
        return words
    tokens = []
    for word in words:
        padded = f" {word} "
        tokens += [padded[at : at + size] for at in range(max(len(padded) - size + 1, 1))]
    return tokens


def _in_word(character: str) -> bool:
    # Letters, marks (the vowel signs of many scripts) and numbers.
    return unicodedata.category(character)[0] in "LMN"
