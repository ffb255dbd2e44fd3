"""The same page of the same original lies in one split, whichever way it came in and however its image was packed."""

from hashlib import sha256
from itertools import count
from uuid import UUID

import pytest

from flywheel import trust
from flywheel.ground_truth import ground_truth
from flywheel.records import Document
from flywheel.snapshots import FrozenLine, freeze, lines_of
from flywheel.splits import TEST, VALIDATION, Split, place_of
from flywheel.store import Store
from flywheel.tables import SplitRow
from flywheel.trust import Claim
from flywheel.uncorrected import uncorrected
from tests.readings import a_page, an_upload

PHOTOGRAPH = b"the photograph as the camera wrote it"


def image_in(split: Split) -> bytes:
    """The image of a page that its own hash puts into that split."""
    first, last = {"test": (0.0, TEST), "validation": (TEST, TEST + VALIDATION), "train": (TEST + VALIDATION, 1.0)}[
        split
    ]
    images = (f"packed in way {way}".encode() for way in count())
    return next(image for image in images if first <= place_of(f"page:{sha256(image).hexdigest()}") < last)


def keep(store: Store, *images: bytes, by: str, original: bytes = PHOTOGRAPH) -> Document:
    """A document whose pages are kept as these images."""
    pages = [(a_page(["one", "two"], number=number), image) for number, image in enumerate(images, start=1)]
    return store.keep_reading(an_upload(data=original), pages, contributor=store.contributor(by), seconds=1)


def accept(store: Store, document: Document, *numbers: int) -> None:
    """Accept the first line of these pages."""
    with store.writing() as session:
        for number in numbers:
            line = document.pages[number - 1].lines[0]
            trust.keep(session, Claim(line.id, "one!", source="import"), "trusted")


def frozen(store: Store) -> dict[UUID, FrozenLine]:
    """The lines that are frozen now, by their page."""
    return {UUID(line.page_id): line for line in lines_of(store, freeze(store, ground_truth(store)))}


@pytest.mark.parametrize(("first", "second"), [("test", "train"), ("train", "test"), ("validation", "train")])
def test_a_photograph_that_comes_in_another_way_stays_in_the_split_that_was_decided(
    store: Store, first: Split, second: Split
) -> None:
    imported = keep(store, image_in(first), by="import")
    accept(store, imported, 1)
    assert {line.split for line in frozen(store).values()} == {first}
    uploaded = keep(store, image_in(second), by="Ann")
    accept(store, uploaded, 1)
    later = frozen(store)
    assert {page: line.split for page, line in later.items()} == {
        imported.pages[0].id: first,
        uploaded.pages[0].id: first,
    }
    store.delete_document(imported.id, store.contributor("import"))
    assert {line.split for line in frozen(store).values()} == {first}


def test_both_ways_in_at_once_lie_in_one_split(store: Store) -> None:
    for split, person in (("test", "import"), ("train", "Ann"), ("validation", "Bob")):
        accept(store, keep(store, image_in(split), by=person), 1)
    assert len({line.split for line in frozen(store).values()}) == 1


def test_the_other_pages_of_an_original_and_other_originals_are_decided_apart(store: Store) -> None:
    accept(store, keep(store, image_in("test"), by="import"), 1)
    assert {line.split for line in frozen(store).values()} == {"test"}
    two = keep(store, image_in("train"), image_in("validation"), by="Ann", original=b"another photograph")
    accept(store, two, 1, 2)
    later = frozen(store)
    assert [later[page.id].split for page in two.pages] == ["train", "validation"]


def test_uncorrected_lines_of_a_page_that_tests_under_another_image_teach_nothing(store: Store) -> None:
    imported = keep(store, image_in("test"), by="import")
    accept(store, imported, 1)
    frozen(store)
    learnt = f"{image_in('train').decode()}, page 2"
    second = next(
        image
        for image in (f"{learnt}, {way}".encode() for way in count())
        if place_of(f"page:{sha256(image).hexdigest()}") >= TEST + VALIDATION
    )
    uploaded = keep(store, image_in("train"), second, by="Ann")
    accept(store, uploaded, 2)
    lines = list(frozen(store).values())
    assert {line.split for line in lines if line.document_id == str(uploaded.id)} == {"train"}
    assert {line.page_id for line in uncorrected(store, lines)} == {str(uploaded.pages[1].id)}


def test_what_an_older_store_decided_apart_stays_as_it_was(store: Store) -> None:
    for split, person in (("test", "import"), ("train", "Ann")):
        accept(store, keep(store, image_in(split), by=person), 1)
        with store.writing() as session:
            session.add(SplitRow(name=f"page:{sha256(image_in(split)).hexdigest()}", split=split))
    assert {line.split for line in frozen(store).values()} == {"test", "train"}
    packed_anew = image_in("train") + b" once more"
    third = keep(store, packed_anew, by="Bob")
    accept(store, third, 1)
    assert frozen(store)[third.pages[0].id].split == "test"  # never learnt from what judges
