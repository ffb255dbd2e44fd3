"""Training views: however a page is cut, bent, lit or put together, its lines stay on their ink."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from recognizer.datasets.finder_collage import LineSource, blank, lay_out
from recognizer.datasets.finder_pages import (
    PageTruth,
    TrackedPage,
    bend,
    bleed,
    cut_view,
    photograph,
    read_page_truths,
    rule,
)
from recognizer.datasets.finder_views import FinderViews, ViewMix
from recognizer.errors import BadManifest
from recognizer.training.finder_training import split_pages
from tests.handwriting import write_page

TEXTS = ["some words to look at", "in a second line", "and a third one", "the last line here"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[PageTruth]:
    folder = tmp_path_factory.mktemp("pages")
    rows = []
    for seed in range(2):
        page = write_page(TEXTS, seed=seed, width=900, height=700)
        cv2.imwrite(str(folder / f"{seed}.png"), page.image)
        lines = [{"text": x.text, "polygon": x.polygon, "baseline": x.baseline} for x in page.lines]
        rows.append({"image": f"{seed}.png", "width": 900, "height": 700, "writer": f"w{seed}", "lines": lines})
    (folder / "pages.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return read_page_truths(folder / "pages.jsonl")


def _share_of_ink_on_lines(page: TrackedPage) -> float:
    """How much of what is dark lies between the upper and lower edges of the lines."""
    paper = np.median(page.grey)
    dark = page.grey < paper - 60
    on_lines = np.zeros(page.grey.shape, np.uint8)
    for track in page.tracks:
        outline = np.concatenate([track.top, track.bottom[::-1]])
        cv2.fillPoly(on_lines, [np.round(outline).astype(np.int32)], 1)
    return float((dark & (on_lines > 0)).sum() / max(dark.sum(), 1))


def test_tracks_lie_on_the_ink_of_the_page(pages: list[PageTruth]) -> None:
    assert _share_of_ink_on_lines(pages[0].open()) > 0.98


@pytest.mark.parametrize("seed", range(6))
def test_tracks_follow_a_view_and_a_bend(pages: list[PageTruth], seed: int) -> None:
    rng = np.random.default_rng(seed)
    view = cut_view(pages[seed % 2].open(), rng, side_px=512)
    # What was never on the page (the desk around it) is no ink.
    desk = cut_view(TrackedPage(np.full((700, 900), 235, np.uint8), pages[seed % 2].open().tracks),
                    np.random.default_rng(seed), side_px=512).grey  # fmt: skip
    view = TrackedPage(np.where(desk < 200, 235, view.grey).astype(np.uint8), view.tracks)
    bent = bend(view, rng, amplitude_px=10)
    if view.tracks:
        assert _share_of_ink_on_lines(view) > 0.93
        assert _share_of_ink_on_lines(bent) > 0.88


@pytest.mark.parametrize("seed", range(4))
def test_collages_hold_lines_on_their_ink(pages: list[PageTruth], seed: int) -> None:
    page = lay_out(LineSource(pages), np.random.default_rng(seed), side_px=512)
    assert page.tracks
    assert _share_of_ink_on_lines(page) > 0.9


def test_a_blank_view_has_no_lines() -> None:
    page = blank(np.random.default_rng(0), side_px=256)
    assert page.tracks == () and page.grey.shape == (256, 256)


def test_light_and_rules_keep_size_and_type(pages: list[PageTruth]) -> None:
    grey = pages[0].open().grey
    for seed in range(5):
        rng = np.random.default_rng(seed)
        for changed in (photograph(grey, rng), rule(grey, rng)):
            assert changed.shape == grey.shape and changed.dtype == np.uint8


def test_the_back_of_a_sheet_shines_through_mirrored_and_faint() -> None:
    back = np.full((60, 100), 200, np.uint8)
    back[20:40, 10:30] = 40
    for seed in range(8):
        bled = bleed(np.full((60, 100), 220, np.uint8), back, np.random.default_rng(seed))
        assert bled.shape == back.shape and bled.dtype == np.uint8
        assert bled[:, :50].min() > 210 and 220 * (1 - 0.65) < bled[22:38, 72:88].mean() < 212


def test_the_same_seed_gives_the_same_views(pages: list[PageTruth]) -> None:
    first, second = (
        next(iter(FinderViews(pages, LineSource(pages), mix=ViewMix(side_px=256), seed=7))) for _ in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    image, text, geometry, inside = first
    assert (image.shape, text.shape) == ((1, 256, 256), (1, 256, 256))
    assert (geometry.shape, inside.shape) == ((5, 64, 64), (64, 64))


def test_held_out_writers_are_not_trained_on(pages: list[PageTruth]) -> None:
    many = [PageTruth(pages[0].image, pages[0].lines, {"writer": f"w{k}", "split": "train"}) for k in range(24)]
    other = PageTruth(pages[0].image, pages[0].lines, {"writer": "v", "split": "val"})
    train, held_out = split_pages([*many, *many, other])
    assert len(train) == 44 and len(held_out) == 4
    assert not {p.extra["writer"] for p in train} & {p.extra["writer"] for p in held_out}


def test_a_broken_page_manifest_is_named_with_its_line(tmp_path: Path) -> None:
    manifest = tmp_path / "pages.jsonl"
    manifest.write_text('{"image": "a.png", "lines": []}\n{"image": "b.png"}\n', encoding="utf-8")
    with pytest.raises(BadManifest, match=r"pages\.jsonl, line 2.*lines"):
        read_page_truths(manifest)
    manifest.write_text('{"image": "a.png", "lines": []}\n', encoding="utf-8")
    with pytest.raises(BadManifest, match=r"a\.png is missing"):
        read_page_truths(manifest)[0].open()
