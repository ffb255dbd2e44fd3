"""The vandalism benchmark spoils what it says and counts right."""

import random

import pytest

from benchmarks import records, vandalism
from benchmarks.vandalism import KINDS, Vandal

TEXTS = ["le chat dort ici", "we walked along the river", "oui", "la table"]
VANDALS = [vandal for kinds in KINDS.values() for vandal in kinds.values()]


@pytest.mark.parametrize("vandal", VANDALS)
def test_every_vandal_spoils_the_same_text_in_the_same_way(vandal: Vandal) -> None:
    spoilt = vandalism.vandalise(TEXTS, vandal, seed=3)
    assert spoilt == vandalism.vandalise(TEXTS, vandal, seed=3)
    assert spoilt[1] is not None
    assert all(new is None or new.split() != old.split() for new, old in zip(spoilt, TEXTS, strict=True))


def test_one_word_is_inserted_replaced_or_exchanged_and_the_rest_stays() -> None:
    words, rng = TEXTS[0].split(), random.Random(1)
    longer = vandalism.inserted(TEXTS[0], "zut", rng).split()
    assert len(longer) == 5 and [word for word in longer if word != "zut"] == words
    swapped = vandalism.replaced(TEXTS[0], "zut", rng).split()
    assert len(swapped) == 4 and len(set(words) - set(swapped)) == 1
    other_order = vandalism.exchanged(TEXTS[0], "", rng)
    assert other_order is not None and other_order != TEXTS[0] and sorted(other_order.split()) == sorted(words)
    assert vandalism.exchanged("oui", "", rng) is None


def test_shares_are_of_what_was_vandalised_and_of_what_was_not() -> None:
    lines = range(600)
    kinds = [kind for found in KINDS.values() for kind in found]
    held = {"honest": {row: row % 10 == 0 for row in lines}} | {kind: dict.fromkeys(lines, True) for kind in kinds}
    held["inserted"] = dict.fromkeys(lines, False)
    found = vandalism.summarise(held, seed=1, sessions=50)
    assert found["kinds"]["honest"] == {"lines": 600, "held": 0.1}
    assert found["groups"]["whole line"]["mean"] == 1.0
    assert found["groups"]["one word"]["mean"] == pytest.approx(2 / 3, abs=0.02)
    assert found["groups"]["honest"]["mean"] == pytest.approx(0.1, abs=0.01)
    assert found["groups"]["honest"]["sessions_that_meet_it"] == 0.0
    assert found["groups"]["honest"]["worst_of_95_percent"] > found["groups"]["honest"]["mean"]


def test_the_page_shows_the_figures_of_the_record() -> None:
    held = {
        kind: dict.fromkeys(range(60), True)
        for kind in ("honest", *(kind for found in KINDS.values() for kind in found))
    }
    named = {"date": "2026-01-02", "commit": "abc", "model": "m-1", "data": "synthetic", "seed": 1}
    page = vandalism.page(named | vandalism.summarise(held, seed=1, sessions=3))
    assert "| honest | 60 | 100.0% |" in page
    assert "Model m-1; synthetic. 3 sessions of 500 corrections, 10% vandalised" in page
    assert records.commit() not in page
