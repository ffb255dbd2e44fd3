"""A project's labelling config is kept, migrated, or refused with the reason."""

import pytest

from flywheel.errors import ProjectUnfit
from flywheel.label_configs import Kind, must_migrate, shipped

OURS = shipped(Kind.LINES)


@pytest.mark.parametrize("kind", Kind)
def test_our_own_config_stays(kind: Kind) -> None:
    assert not must_migrate(shipped(kind), kind)


@pytest.mark.parametrize("theirs", ["", "<View></View>", "<View><Header value='$where'/></View>"])
def test_a_config_that_nobody_can_answer_is_replaced(theirs: str) -> None:
    assert must_migrate(theirs, Kind.LINES)


def test_an_older_config_of_ours_is_migrated() -> None:
    older = """<View className="inkloop-lines-0"><Image name="image" value="$image"/>
        <TextArea name="text" toName="image"/></View>"""
    assert must_migrate(older, Kind.LINES)


def test_a_config_that_people_extended_stays_theirs() -> None:
    extended = OURS.replace("</Choices>", '<Choice value="Crossed out"/></Choices><Rating name="care" toName="image"/>')
    assert not must_migrate(extended, Kind.LINES)


def test_a_config_whose_labels_would_be_lost_is_refused_by_their_names() -> None:
    theirs = """<View><Image name="image" value="$image"/><TextArea name="transcription" toName="image"/>
        <TextArea name="text" toName="image"/></View>"""
    with pytest.raises(ProjectUnfit, match=r"'Inkloop lines' .* labels made with 'transcription' would lose"):
        must_migrate(theirs, Kind.LINES)


def test_a_control_of_the_same_name_and_another_kind_is_refused() -> None:
    theirs = '<View><Image name="image" value="$image"/><Choices name="text" toName="image"/></View>'
    with pytest.raises(ProjectUnfit, match="labels made with 'text' would lose"):
        must_migrate(theirs, Kind.LINES)


def test_a_config_of_a_newer_inkloop_is_refused() -> None:
    with pytest.raises(ProjectUnfit, match=r"has labelling config 99, this code knows 1: .* Update the code"):
        must_migrate(OURS.replace("inkloop-lines-1", "inkloop-lines-99"), Kind.LINES)


def test_a_config_that_is_no_xml_is_refused() -> None:
    with pytest.raises(ProjectUnfit, match=r"is no XML .* Mend it there"):
        must_migrate("<View", Kind.LINES)
