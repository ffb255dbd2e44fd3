"""The command line: results on stdout, logs on stderr; exit 0 done, 1 failed, 2 misused.

Parsing loads no network: each command imports what it needs when it runs.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from recognizer.arguments import from_zero, positive
from recognizer.errors import RecognizerError

FORMATS = ("txt", "json", "page", "alto", "hocr", "pdf")
ARCHITECTURES = ("line_ctc", "paragraph_transformer", "character_lstm")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = build_parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "train":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    from recognizer import commands

    try:
        run = getattr(commands, "run_" + options.command.replace("-", "_"))
        status = run(options, rest) if options.command == "train" else run(options)
        return int(status)
    except commands.Misuse as error:
        parser.error(str(error))
    except RecognizerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"error: {error}. Correct the path, or make room.", file=sys.stderr)
        return 1


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    parser = argparse.ArgumentParser(prog="python -m recognizer", description="Read handwriting, score and train.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_read(commands.add_parser("read", help="read pages (or cropped lines) to text"))
    for name, help_, what in (
        ("evaluate", "score a model on a line manifest", "line manifest (JSONL)"),
        ("evaluate-pages", "score a model on a page manifest", "page manifest (JSONL)"),
    ):
        evaluate = commands.add_parser(name, help=help_)
        evaluate.add_argument("manifest", type=Path, metavar="MANIFEST", help=what)
        _add_model(evaluate)
        _add_json(evaluate)
        if name == "evaluate":
            evaluate.add_argument("--flagged", action="store_true", help="score rows with flags too")
    _add_train(commands.add_parser("train", help="train a reader; takes every Lightning Trainer option"))
    _add_finetune(commands.add_parser("finetune", help="adapt a model to a hand from a line manifest"))
    quantise = commands.add_parser("quantise", help="note in a model's card what its layers do, to read in integers")
    quantise.add_argument("manifest", type=Path, metavar="MANIFEST", help="line manifest of lines like those to come")
    quantise.add_argument("--model", type=Path, required=True, metavar="DIR", help="model folder; its card is changed")
    _add_json(quantise)
    teach = commands.add_parser("teach-language", help="let a model know one more language, from plain text")
    teach.add_argument("texts", type=Path, nargs="+", metavar="TEXT", help="running text, UTF-8; a megabyte or more")
    teach.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder for the model")
    teach.add_argument("--model", type=Path, metavar="DIR", help="that is taught (default: the shipped one)")
    _add_json(teach)
    ink = commands.add_parser("render-ink", help="draw pen strokes (UNIPEN table) as line images with a manifest")
    ink.add_argument("table", type=Path, metavar="TABLE", help="UNIPEN table (Parquet)")
    ink.add_argument("--split", default="val", help="rows of the table to draw (default: val)")
    ink.add_argument("--output", type=Path, required=True, metavar="DIR")
    _add_json(ink)
    pack = commands.add_parser("pack", help="copy what trainings of line readers read, made small to be carried")
    pack.add_argument("data", type=Path, metavar="DATA", help="folder with lines_train.jsonl")
    pack.add_argument("--output", type=Path, required=True, metavar="DIR", help="new folder")
    pack.add_argument("--height", type=int, metavar="PX", help="make line images smaller (the network sees 48 px)")
    pack.add_argument("--pages", action="store_true", help="also the pages, so that lines can be cut from them anew")
    pack.add_argument("--megabytes", type=positive, default=45.0, help="of all its files (default: 45)")
    _add_json(pack)
    return parser


def _add_read(read: argparse.ArgumentParser) -> None:
    read.add_argument("paths", nargs="+", metavar="PATH", help="image, PDF, or folder of them")
    read.add_argument("--lines", action="store_true", help="every PATH is one cropped line, or a line manifest")
    read.add_argument("--format", choices=FORMATS, default="txt", help="of what is written (default: txt)")
    read.add_argument("--output", type=Path, metavar="DIR", help="write one file per input into DIR")
    _add_model(read)
    _add_json(read)


def _add_train(train: argparse.ArgumentParser) -> None:
    train.description = (
        "Train a reader, or its neural language model. "
        "Every pytorch_lightning.Trainer option is taken under its own name."
    )
    train.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with lines_train.jsonl")
    train.add_argument("--output", type=Path, required=True, metavar="DIR", help="checkpoints and the model")
    train.add_argument("--architecture", choices=ARCHITECTURES, default=ARCHITECTURES[0], help="default: line_ctc")
    train.add_argument(
        "--start",
        help="scale (PP-OCRv6; lines alone), nothing, or a model folder (of a language model: whose it will be)",
    )
    train.add_argument("--minutes", type=positive, help="training time; without it --max_steps decides")
    train.add_argument(
        "--call_minutes", type=from_zero, help="of this call; the next one goes on (default: all at once)"
    )
    train.add_argument(
        "--learning_rate", type=positive, help="default: 2.5e-4 for lines, 4e-4 for paragraphs, 3e-3 for texts"
    )
    train.add_argument(
        "--batch_size", type=int, help="lines of 672 px per step (16), paragraphs of half height (8), texts (128)"
    )
    train.add_argument("--workers", type=int, default=1, help="processes that prepare batches")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--wandb", action="store_true", help="log to Weights & Biases (WANDB_MODE=offline by default)")
    lines = train.add_argument_group("line_ctc alone")
    lines.add_argument("--rounded", action="store_true", help="learn with weights and values rounded as in integers")
    paragraphs = train.add_argument_group("paragraph_transformer alone")
    paragraphs.add_argument("--epoch_steps", type=int, help="batches of an epoch, then it is validated (1000)")
    paragraphs.add_argument("--width", type=int, help="of the network, a multiple of 32 (256)")
    paragraphs.add_argument("--layers", type=int, help="of the decoder (4)")
    paragraphs.add_argument("--image_width_px", type=int, help="widest paragraph (480)")
    paragraphs.add_argument("--image_height_px", type=int, help="highest paragraph (256)")
    paragraphs.add_argument("--most_lines", type=int, help="of a paragraph (10); fewer are learnt sooner")
    _add_json(train)


def _add_finetune(finetune: argparse.ArgumentParser) -> None:
    finetune.add_argument(
        "manifest",
        type=Path,
        metavar="MANIFEST",
        help="line manifest of the new hand; lines without a text teach as the model reads them",
    )
    finetune.add_argument("--output", type=Path, required=True, metavar="DIR")
    finetune.add_argument("--from", dest="parent", type=Path, metavar="DIR", help="model to start from")
    finetune.add_argument("--replay", type=Path, nargs="+", default=[], metavar="PATH", help="what to keep knowing")
    finetune.add_argument("--minutes", type=positive, default=4.0, help="at most; few lines take less (default: 4)")
    finetune.add_argument("--seed", type=int, default=1)
    _add_json(finetune)


def _add_model(parser: argparse.ArgumentParser) -> None:
    help_ = "model folder, or fast: the shipped weights, read in haste (default: the shipped weights)"
    parser.add_argument("--model", type=Path, metavar="DIR", help=help_)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


if __name__ == "__main__":
    sys.exit(main())
