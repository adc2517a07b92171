import pytest
from hypothesis import given
from hypothesis import strategies as st

from ropewalk.features import FeatureError
from ropewalk.features.build_text_features.tokenizer import fold, tokenize

# Surrogates too: a text may come from anywhere.
TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("  -- !? ", []),
        ("Endeavor Air Inc.", ["endeavor", "air", "inc"]),
        ("EMB-145LR", ["emb", "145lr"]),
        ("snake_case", ["snake", "case"]),
        ("\uff21\uff29\uff32 \ufb01n", ["air", "fin"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("Ångström A\u030angstro\u0308m", ["ångström", "ångström"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("航空 Ελλάς", ["航空", "ελλάσ"]),
    ],
)
def test_words_of_any_script(text: str, tokens: list[str]) -> None:
    assert tokenize(text) == tokens


def test_characters_show_where_a_word_starts_and_ends() -> None:
    assert tokenize("Jet A", kind="characters") == [" je", "jet", "et ", " a "]
    assert tokenize("Jet", kind="characters", size=9) == [" jet "]
    assert tokenize("ab", kind="characters", size=1) == [" ", "a", "b", " "]


@given(TEXT)
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXT, st.sampled_from(["words", "characters"]), st.integers(1, 5))
def test_any_text_gives_the_same_tokens_each_time(text: str, kind: str, size: int) -> None:
    tokens = tokenize(text, kind=kind, size=size)  # type: ignore[arg-type]

    assert tokens == tokenize(text, kind=kind, size=size)  # type: ignore[arg-type]
    assert all(token.encode() for token in tokens)


@given(TEXT)
def test_case_makes_no_other_words(text: str) -> None:
    assert tokenize(fold(text)) == tokenize(text)
    assert tokenize(" ".join(tokenize(text))) == tokenize(text)


def test_parameters_of_no_use_are_refused() -> None:
    with pytest.raises(FeatureError, match="kind="):
        tokenize("a", kind="letters")  # type: ignore[arg-type]
    with pytest.raises(FeatureError, match="size="):
        tokenize("a", size=0)
