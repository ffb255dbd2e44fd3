"""What training sees: distortions, mixtures, batches, splits."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from recognizer.charset import LATIN_V1
from recognizer.corpora import LineTruth
from recognizer.datasets import augmentation
from recognizer.datasets.batches import (
    EndlessBatches,
    InkLines,
    LineSource,
    Mixture,
    RealLines,
    pooled_batches,
)
from recognizer.datasets.held_out import hold_out, hold_out_pages
from recognizer.datasets.ink import InkBook, render_split
from recognizer.datasets.replay import WATCHED_LINES, Replay, open_replay
from recognizer.decoding.best_path import needed_steps
from recognizer.errors import BadManifest
from recognizer.line_images import BUCKET_PX, bucket_width, stack, to_height
from tests.handwriting import write_line
from tests.unit.lines import TEXTS, written_lines


def ink_table(path: Path) -> Path:
    """Two writers, four words: zigzags as long as their text."""
    rows = []
    for writer, split, text in itertools.product(("a", "b"), ("train", "val"), ("on", "yes")):
        dx = np.tile(np.array([0, 40], np.int16), 4 * len(text))
        dy = np.tile(np.array([300, -300], np.int16), 4 * len(text))
        lengths = np.array([len(dx) - 4, 4], np.int32)
        rows.append({"text": text, "writer": writer, "split": split, "stroke_lengths": lengths, "dx": dx, "dy": dy})
    pd.DataFrame(rows).to_parquet(path)
    return path


@pytest.mark.parametrize(
    "step",
    [
        s
        for s in vars(augmentation).values()
        if getattr(s, "__name__", "") in ("warp", "thicken", "rule", "bleed", "light", "blur", "grain", "squeeze_file")
    ],
)
def test_every_distortion_keeps_the_kind_of_image_and_repeats_with_its_seed(step) -> None:  # type: ignore[no-untyped-def]
    image = write_line("honest", seed=1)
    once, again = (step(image, np.random.default_rng(4)) for _ in range(2))
    assert once.dtype == np.uint8 and once.ndim == 2 and once.shape[0] == image.shape[0]
    assert (once == again).all()


def test_no_strength_leaves_the_image_alone() -> None:
    image = write_line("still", seed=2)
    assert (augmentation.distort(image, np.random.default_rng(0), strength=0) == image).all()


def test_a_bucket_follows_from_the_lines_own_width() -> None:
    assert [bucket_width(w) for w in (1, 96, 97, 500)] == [96, 96, 192, 576]
    narrow, wide = np.zeros((48, 50), np.uint8), np.zeros((48, 300), np.uint8)
    assert stack([narrow]).shape == (1, 1, 48, 96) and stack([narrow, wide]).shape == (2, 1, 48, 384)


def test_padding_is_neither_ink_nor_paper() -> None:
    batch = stack([np.full((48, 10), 255, np.uint8)])
    assert batch[0, 0, 0, 0] == 1 and (batch[..., 10:] == 0).all()


def test_a_very_long_line_is_squeezed_not_cut() -> None:
    assert to_height(np.zeros((10, 10_000), np.uint8), 48).shape == (48, 2304)


def test_batches_hold_one_bucket_and_targets_fit_their_steps(tmp_path: Path) -> None:
    mixture = Mixture([(RealLines(written_lines(tmp_path)), 1.0)], LATIN_V1)
    for batch in itertools.islice(EndlessBatches(mixture, batch_size=2, seed=1), 6):
        assert batch.images.shape[-1] % BUCKET_PX == 0
        for target, length in zip(batch.targets.tolist(), batch.lengths.tolist(), strict=True):
            assert needed_steps(target[:length]) <= batch.images.shape[-1] // 8
            assert LATIN_V1.decode(target[:length]) in TEXTS


def test_texts_that_repeat_are_drawn_less_often(tmp_path: Path) -> None:
    lines = written_lines(tmp_path, ["again"] * 30 + ["once"])
    source, rng = RealLines(lines, strength=0), np.random.default_rng(0)
    drawn = [source.draw(rng)[1] for _ in range(400)]  # type: ignore[index]
    assert 0.15 < drawn.count("once") / 400 < 0.35


def test_validation_leaves_out_flagged_lines_and_foreign_characters(tmp_path: Path) -> None:
    good, flagged, foreign = written_lines(tmp_path, ["ja", "ma", "oui"])
    lines = [good, replace(flagged, flags=("rotated",)), replace(foreign, text="да")]
    assert sum(len(batch.lengths) for batch in pooled_batches(lines, LATIN_V1)) == 1


def test_a_held_out_writer_is_never_trained_on(tmp_path: Path) -> None:
    kept, held = hold_out(written_lines(tmp_path), share=0.5)
    assert kept and held and not {row.writer for row in kept} & {row.writer for row in held}


def test_finetuning_holds_out_whole_pages_where_pages_are_many(tmp_path: Path) -> None:
    rows = written_lines(tmp_path, [f"line {i}" for i in range(40)])
    kept, held = hold_out_pages(rows, share=0.2)
    assert len(kept) + len(held) == 40 and len(held) >= 8
    assert not {row.extra["page"] for row in kept} & {row.extra["page"] for row in held}
    assert hold_out_pages(list(reversed(rows)), share=0.2)[1] != [] and {r.image for r in held} == {
        r.image for r in hold_out_pages(list(reversed(rows)), share=0.2)[1]
    }


def test_ink_of_one_writer_is_joined_on_a_baseline(tmp_path: Path) -> None:
    book = InkBook(ink_table(tmp_path / "ink.parquet"), split="train")
    ink = book.line(np.random.default_rng(0), characters=12)
    assert set(ink.text.split()) <= {"on", "yes"} and len(ink.text) + 1 >= 12
    image, text = InkLines(book).draw(np.random.default_rng(1))  # type: ignore[misc]
    assert image.min() < 128 and text


def test_rendered_ink_is_line_manifests_of_words_and_sentences(tmp_path: Path) -> None:
    counts = render_split(ink_table(tmp_path / "ink.parquet"), "val", tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "words.jsonl").read_text().splitlines()]
    assert counts == {"words.jsonl": 4, "sentences.jsonl": 0} and len(rows) == 4
    assert all((tmp_path / row["image"]).exists() for row in rows)


def test_what_cannot_be_replayed_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"strange\.zip cannot be replayed"):
        open_replay([tmp_path / "strange.zip"])


def test_watched_lines_are_always_the_same_and_never_replayed(tmp_path: Path) -> None:
    rows = written_lines(tmp_path, [f"line {i}" for i in range(40)])
    manifest = tmp_path / "lines.jsonl"
    manifest.write_text("".join(json.dumps({"image": row.image.name, "text": row.text}) + "\n" for row in rows))
    both = open_replay([manifest, ink_table(tmp_path / "ink.parquet")])
    (lines, _), _ = both.sources
    (watched, _), _ = both.watched
    assert isinstance(lines, RealLines) and isinstance(watched, RealLines)
    assert not texts_of(lines) & texts_of(watched) and len(texts_of(lines) | texts_of(watched)) == 40
    once, again = (both.watched_batches(LATIN_V1) for _ in range(2))
    assert sum(len(batch.lengths) for batch in once) == WATCHED_LINES
    assert all(torch.equal(one.images, other.images) for one, other in zip(once, again, strict=True))
    assert Replay().watched_batches(LATIN_V1) == []


def test_watched_lines_that_no_reader_can_say_are_not_waited_for(tmp_path: Path) -> None:
    (row,) = written_lines(tmp_path, ["line"])
    watched = RealLines([LineTruth(row.image, "✠")], strength=0)
    assert Replay(watched=((watched, 1.0),)).watched_batches(LATIN_V1) == []


def test_a_manifest_without_texts_cannot_be_replayed(tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text(json.dumps({"image": "a.png", "text": ""}) + "\n")
    with pytest.raises(BadManifest, match=r"lines\.jsonl holds no line with a text.* Add lines, or leave it out"):
        open_replay([tmp_path / "lines.jsonl"])


def texts_of(source: LineSource) -> set[str]:
    rng = np.random.default_rng(3)
    return {drawn[1] for drawn in (source.draw(rng) for _ in range(600)) if drawn is not None}
