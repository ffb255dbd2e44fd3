"""What the commands do. Nothing is skipped silently: a failure is named, the rest goes on, the exit status says 1."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recognizer.corpora import LineTruth, read_manifest, read_page_manifest
from recognizer.errors import BadInput, BadManifest, NotAnImage
from recognizer.export import render
from recognizer.images import Limits, open_pages
from recognizer.line_images import Grey, open_line
from recognizer.line_reader import LineReader
from recognizer.model_card import ARCHITECTURE, CHARACTERS, PARAGRAPHS, SHIPPED
from recognizer.output_folder import OutputFolder
from recognizer.page import Line, Page

if TYPE_CHECKING:
    from recognizer.training.line_training import Wish

Options = argparse.Namespace
LEARNING = ("learning_rate", "minutes", "batch_size", "seed")


class Misuse(Exception):
    """Options that make no sense together; exit status 2."""


def run_read(options: Options) -> int:
    """Read every path; print the texts or JSON, or write files into ``--output``."""
    if options.format != "txt" and options.output is None and not options.json and options.format != "json":
        raise Misuse(f"--format {options.format} writes files: say where with --output DIR")
    if options.lines and options.output is not None:
        raise Misuse("--lines prints its readings; it writes no files")
    reader = LineReader.load(options.model)
    failures = Failures()
    paths = list(expand(options.paths, failures))
    output = None if options.output is None else OutputFolder(options.output, paths)
    rows: list[dict[str, Any]] = []
    for path in paths:
        with failures.told():
            pages = _read_lines(reader, path, failures) if options.lines else _read_pages(reader, path, options, output)
            rows += [page.to_json() for page in pages]
            if not (options.json or output or options.format == "json"):
                print("\n".join(page.text for page in pages), flush=True)
    if options.json or (options.format == "json" and output is None):
        _print_json(rows)
    return int(failures.any)


class Failures:
    """Names what fails on stderr; whatever comes after it goes on."""

    def __init__(self) -> None:
        self.any = False

    @contextmanager
    def told(self) -> Iterator[None]:
        """Bad input ends the block, and no more than the block."""
        try:
            yield
        except BadInput as error:
            print(f"error: {error}", file=sys.stderr)
            self.any = True


def expand(paths: Sequence[str], failures: Failures) -> Iterator[Path]:
    """The files that paths name: a folder stands for the files in it, sorted, but for those that systems hide there."""
    for name in paths:
        path = Path(name)
        if not path.is_dir():
            yield path
            continue
        files = sorted(file for file in path.iterdir() if file.is_file() and not _is_hidden(file))
        with failures.told():
            if not files:
                raise BadInput(f"{path} is a folder without files. Name a folder that holds pages.")
        yield from files


def _is_hidden(file: Path) -> bool:
    return file.name.startswith(".") or file.name in ("Thumbs.db", "desktop.ini")


def _read_pages(reader: LineReader, path: Path, options: Options, output: OutputFolder | None) -> list[Page]:
    data = _bytes(path)
    pages = list(reader.read_file(data, name=str(path)))
    if output is not None:
        images = (page.colour for page in open_pages(data, name=str(path), limits=Limits()))
        output.write(path, render(pages, images, options.format))
    return pages


def _read_lines(reader: LineReader, path: Path, failures: Failures) -> list[Page]:
    listed = path.suffix.lower() == ".jsonl"
    opened: list[tuple[LineTruth, Grey]] = []
    for row in read_manifest(path, unread=True) if listed else [LineTruth(path, "")]:
        with failures.told():
            opened.append((row, open_line(row.image)))
    readings = reader.read_lines([image for _, image in opened], pages=[row.page for row, _ in opened])
    return [
        _whole(row.image, image.shape[1], image.shape[0], reading, reader.version)
        for (row, image), reading in zip(opened, readings, strict=True)
    ]


def _whole(file: Path, width: int, height: int, reading: Any, version: str) -> Page:
    """A cropped line as a page of one line."""
    outline = ((0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height)))
    return Page(str(file), 1, width, height, (Line(outline, None, reading),), version)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotAnImage(f"{path} cannot be read ({error.strerror}). Correct the path.") from error


def run_evaluate(options: Options) -> int:
    """Score a line manifest."""
    from recognizer.evaluation import evaluate_lines

    rows = list(read_manifest(options.manifest))
    _report(evaluate_lines(LineReader.load(options.model), rows, flagged=options.flagged).to_json(), options)
    return 0


def run_evaluate_pages(options: Options) -> int:
    """Score a page manifest."""
    from recognizer.evaluation import evaluate_pages

    pages = list(read_page_manifest(options.manifest))
    _report(evaluate_pages(LineReader.load(options.model), pages).to_json(), options)
    return 0


def run_train(options: Options, rest: Sequence[str]) -> int:
    """Train a line reader, a paragraph reader or a language model, and write its model folder."""
    import warnings

    from recognizer.training.line_training import Wish
    from recognizer.training.trainer import trainer_options

    warnings.filterwarnings("ignore", module="pytorch_lightning")
    os.environ.setdefault("WANDB_MODE", "offline")
    try:
        own = trainer_options(rest)
    except ValueError as error:
        raise Misuse(str(error)) from error
    lengths = ["max_steps", "max_time", *(["max_epochs"] if options.architecture == PARAGRAPHS else [])]
    if options.minutes is None and not set(lengths) & set(own):
        raise Misuse("say how long to train: --minutes, " + " or ".join(f"--{name}" for name in lengths))
    start = options.start or "scale"
    wish = Wish(options.data, options.output, start, options.workers, options.wandb, options.call_minutes)
    ways = {ARCHITECTURE: _train_lines, PARAGRAPHS: _train_paragraphs, CHARACTERS: _train_language}
    _report(ways[options.architecture](wish, options, own), options)
    return 0


def _train_language(wish: "Wish", options: Options, own: dict[str, Any]) -> dict[str, Any]:
    from recognizer.training.language_training import LanguageHyperparameters, train_language

    hyper = LanguageHyperparameters(**_given(options, LEARNING))
    return train_language(replace(wish, start=options.start or str(SHIPPED)), hyper, own)


def _train_lines(wish: "Wish", options: Options, own: dict[str, Any]) -> dict[str, Any]:
    from recognizer.training.line_training import train
    from recognizer.training.lit_models import LineHyperparameters

    return train(replace(wish, rounded=options.rounded), LineHyperparameters(**_given(options, LEARNING)), own)


def _train_paragraphs(wish: "Wish", options: Options, own: dict[str, Any]) -> dict[str, Any]:
    from recognizer.models.paragraph_transformer import ParagraphShape
    from recognizer.paragraphs.training import ParagraphHyperparameters, train_paragraphs

    hyper = ParagraphHyperparameters(**_given(options, (*LEARNING, "epoch_steps")))
    shape = ParagraphShape(**_given(options, ("width", "layers", "image_width_px", "image_height_px", "most_lines")))
    return train_paragraphs(replace(wish, start=options.start or "nothing"), hyper, shape, own)


def _given(options: Options, names: Sequence[str]) -> dict[str, Any]:
    """The options of these names that were given; the others keep their defaults."""
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def run_finetune(options: Options) -> int:
    """Adapt a model to the lines of a manifest; without something to replay, lines in synthetic hands are."""
    from recognizer.datasets.replay import open_replay, written_by
    from recognizer.training.finetuning import FinetuneOptions, finetune

    rows = list(read_manifest(options.manifest))
    chosen = FinetuneOptions(minutes=options.minutes, seed=options.seed)
    parent = options.parent or SHIPPED
    replay = open_replay(options.replay) if options.replay else written_by(parent)
    _report(finetune(rows, parent, options.output, replay, chosen).to_json(), options)
    return 0


def run_quantise(options: Options) -> int:
    """Note in a model's card which values its layers take."""
    from recognizer.engines.quantisation import activation_ranges, enough_of
    from recognizer.model_card import notes_of
    from recognizer.weights_files import load_reader, save_reader

    rows = [row for row in read_manifest(options.manifest) if not row.flags]
    if not rows:
        raise BadManifest(f"{options.manifest} holds no row without flags. Give lines like those to be read.")
    chosen = enough_of(rows)
    model, charset, card = load_reader(options.model)
    ranges = activation_ranges(model, chosen)
    version = save_reader(model, charset, options.model, notes=notes_of(card) | {"int8": ranges})
    _report({"lines": len(chosen), "layers": len(ranges), "model": version}, options)
    return 0


def run_teach_language(options: Options) -> int:
    """Write a model that knows one more language."""
    from recognizer.training.languages import teach

    _report(teach(options.texts, options.model or SHIPPED, options.output).to_json(), options)
    return 0


def run_render_ink(options: Options) -> int:
    """Draw a split of pen strokes as clean line images with line manifests."""
    from recognizer.datasets.ink import render_split

    counts = render_split(options.table, options.split, options.output)
    _report({str(options.output / name): count for name, count in counts.items()}, options)
    return 0


def run_pack(options: Options) -> int:
    """Make a small copy of a data folder."""
    from recognizer.datasets.packing import pack

    most = int(options.megabytes * 1e6)
    packed = pack(options.data, options.output, most_bytes=most, height_px=options.height, with_pages=options.pages)
    _report(packed.to_json(), options)
    return 0


def _report(result: dict[str, Any], options: Options) -> None:
    """A result as JSON, or as aligned rows."""
    if options.json:
        _print_json(result)
        return
    for key, value in result.items():
        print(f"{key:>18}  {value:.4f}" if isinstance(value, float) else f"{key:>18}  {value}")


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False))
