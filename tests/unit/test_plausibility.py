"""What the image says to a text, on outputs of a network that are made up here."""

import unicodedata

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from recognizer.charset import LATIN_V1
from recognizer.decoding.plausibility import CONTRADICTED_BELOW, LEAST, Lattice, log_softmax, plausibility

TRUE = "le chat dort sur la table"
Logits = NDArray[np.float32]


def seen(text: str, *, sure: float = 8.0, steps_each: int = 2) -> Logits:
    """Logits of a network that sees ``text``: each character once, then blanks."""
    logits = np.zeros((steps_each * len(text), LATIN_V1.classes), np.float32)
    logits[:, 0] = sure
    for index, cls in enumerate(LATIN_V1.encode(text)):
        logits[steps_each * index, 0], logits[steps_each * index, cls] = 0.0, sure
    return logits


def is_borne_out(logits: Logits, text: str) -> bool:
    return plausibility(logits, text, LATIN_V1) >= CONTRADICTED_BELOW


def test_what_the_network_sees_is_fully_plausible() -> None:
    assert plausibility(seen(TRUE), TRUE, LATIN_V1) > 0.95


@pytest.mark.parametrize(
    "text",
    [
        "we walked along the river",  # another line's
        TRUE[::-1],
        "qsdf mlkj wxcv azer poiu",
        "le chat dort souvent sur la table",  # inserted
        "le chat dort sur la jument",  # swapped
        "la chat dort sur le table aussi",
        "le table dort sur la chat",
    ],
)
def test_what_the_network_does_not_see_is_contradicted(text: str) -> None:
    assert not is_borne_out(seen(TRUE, steps_each=4), text)


@pytest.mark.parametrize(
    "misread", ["le chut dort sur la tahle", "le chat dart sun la toble", "Je chat dort sur latable"]
)
def test_a_true_text_that_the_network_misreads_is_plausible(misread: str) -> None:
    assert is_borne_out(seen(misread, sure=6.0), TRUE)


def test_a_character_outside_the_charset_counts_as_seen() -> None:
    assert LATIN_V1.unknown("ﬁlle")
    assert is_borne_out(seen("Alle et garçon"), "ﬁlle et garçon")
    assert not is_borne_out(seen("Alle et garçon"), "ﬁlle et maison de campagne")


@pytest.mark.parametrize(
    "text",
    [
        "жжж жжжжж жжж",
        "жж жжжж жжжж жжж жж жжжжж",  # as long as what is there
        "le chat dort жжж la table",  # one word
        "le chat dort sur la жable de la жжж",
        "lж cжaж dжrж sжr lж tжbжe",
    ],
)
def test_a_text_largely_of_characters_that_no_network_knows_is_not_borne_out(text: str) -> None:
    assert plausibility(seen(text.replace("ж", "e")), text, LATIN_V1) == LEAST


@pytest.mark.parametrize(
    "text",
    [
        "→ le chat dort sur la table",
        "→",
        "→ ici",
        "№ 5",
        "le ♥ de la dame",
        "przyszła późno i była zmęczona",
    ],
)
def test_an_honest_text_with_a_few_odd_characters_does_not_suffer(text: str) -> None:
    known = "".join("e" if character in LATIN_V1.unknown(text) else character for character in text)
    assert plausibility(seen(known), text, LATIN_V1) == plausibility(seen(known), known, LATIN_V1)


def test_spacing_and_composition_make_no_difference() -> None:
    composed = plausibility(seen("été là"), "été là", LATIN_V1)
    assert plausibility(seen("été là"), unicodedata.normalize("NFD", " été  là "), LATIN_V1) == composed


def test_what_no_path_spells_has_the_least_plausibility() -> None:
    assert plausibility(seen("non"), "nonante-neuf", LATIN_V1) == LEAST


def test_an_empty_text_is_plausible_only_where_nothing_is_seen() -> None:
    blank = np.zeros((20, LATIN_V1.classes), np.float32)
    blank[:, 0] = 8.0
    assert is_borne_out(blank, "")
    assert not is_borne_out(seen(TRUE), "")


def test_the_paths_of_a_text_sum_to_torchs_ctc_loss() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(30, 8, generator=generator)
    classes = [3, 3, 1, 7, 2, 2, 5]
    loss = torch.nn.functional.ctc_loss(
        logits.double().log_softmax(-1)[:, None],
        torch.tensor([classes]),
        torch.tensor([30]),
        torch.tensor([len(classes)]),
        reduction="sum",
    )
    log_p = log_softmax(logits.numpy())
    lattice = Lattice(log_p, classes)
    assert lattice.total == pytest.approx(-float(loss), abs=1e-9)
    states = np.zeros(2 * len(classes) + 1, int)
    states[1::2] = classes
    whole = np.logaddexp.reduce(lattice.ahead[12] + lattice.behind[12] - log_p[12, states])
    assert whole == pytest.approx(lattice.total, abs=1e-9)
