"""Who may say what a line holds: the rules alone, without a store."""

from dataclasses import replace
from uuid import uuid4

import pytest

from flywheel.settings import POLICIES, Policy
from flywheel.trust import Claim, Judgement, Outcome, alike, judge
from recognizer.decoding.plausibility import CONTRADICTED_BELOW

TYPED = Claim(uuid4(), "Dear Bob,")
REVIEWED = replace(TYPED, source="label_studio")
CONTRADICTED = CONTRADICTED_BELOW - 0.1


@pytest.mark.parametrize("policy", POLICIES)
def test_what_was_reviewed_is_accepted_whoever_is_trusted(policy: Policy) -> None:
    judgement = judge(replace(REVIEWED, plausibility=CONTRADICTED), policy, reviewed="Dear Rob,")
    assert (judgement.outcome, judgement.rule) == (Outcome.ACCEPTED, "reviewed")


@pytest.mark.parametrize(
    ("claim", "policy", "outcome", "rule"),
    [
        (replace(TYPED, trusted=True), "reviewed", Outcome.HELD, "unknown hand"),
        (replace(TYPED, trusted=True), "trusted", Outcome.ACCEPTED, "trusted"),
        (replace(TYPED, alike=True), "trusted", Outcome.ACCEPTED, "alike"),
        (TYPED, "trusted", Outcome.HELD, "unknown hand"),
        (TYPED, "everybody", Outcome.ACCEPTED, "everybody"),
        (replace(TYPED, source="import"), "reviewed", Outcome.ACCEPTED, "imported"),
    ],
)
def test_the_policy_says_whose_word_is_enough(claim: Claim, policy: Policy, outcome: Outcome, rule: str) -> None:
    judgement = judge(claim, policy)
    assert (judgement.outcome, judgement.rule) == (outcome, rule)


@pytest.mark.parametrize("policy", POLICIES)
def test_what_the_image_contradicts_is_held_whoever_typed_it(policy: Policy) -> None:
    claim = replace(TYPED, trusted=True, alike=True, plausibility=CONTRADICTED)
    judgement = judge(claim, policy)
    assert (judgement.outcome, judgement.rule) == (Outcome.HELD, "image")
    assert judge(replace(claim, plausibility=CONTRADICTED_BELOW), policy).rule != "image"


def test_a_text_against_a_review_is_held_and_the_same_text_is_not() -> None:
    claim = replace(TYPED, trusted=True)
    assert judge(claim, "trusted", reviewed="Dear Rob,").rule == "review"
    assert judge(claim, "trusted", reviewed="Dear  Bob, ").outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        (replace(TYPED, text=" ", trusted=True), "It was left empty: there is nothing to learn from."),
        (replace(TYPED, verdict="not_text", trusted=True), "It was marked not text: there is nothing to learn from."),
        (replace(REVIEWED, text=""), "It was left empty: there is nothing to learn from."),
    ],
)
def test_nothing_is_learnt_where_no_text_is(claim: Claim, reason: str) -> None:
    judgement = judge(claim, "trusted")
    assert (judgement.outcome, judgement.reason) == (Outcome.REFUSED, reason)


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        (replace(TYPED, text=" "), "It was left empty, and a reviewer gave this line a text."),
        (replace(TYPED, verdict="illegible"), "It was marked illegible, and a reviewer gave this line a text."),
    ],
)
def test_nobody_ends_a_review_by_finding_no_text(claim: Claim, reason: str) -> None:
    judgement = judge(claim, "everybody", reviewed="Dear Bob,")
    assert judgement == Judgement(Outcome.HELD, "review", reason)
    again = judge(replace(claim, source="label_studio"), "everybody", reviewed="Dear Bob,")
    assert again.outcome is Outcome.REFUSED


def test_an_unknown_hand_can_empty_no_line() -> None:
    assert judge(replace(TYPED, text=""), "trusted").outcome is Outcome.HELD


def test_people_typed_alike_when_only_spacing_and_composition_differ() -> None:
    assert alike("l’été  est là", "l’e\u0301te\u0301 est la\u0300 ")
    assert not alike("l’été", "l'été")
