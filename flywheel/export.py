"""Corrections as a line manifest: each corrected line's image beside its newest transcription.

Any program that reads the manifest contract can train on it, `python -m recognizer finetune` among them.
"""

import json
import logging
import os
from pathlib import Path
from typing import Any

from PIL import Image

from flywheel.errors import FlywheelError
from flywheel.records import CorrectedPage
from flywheel.store import Store
from recognizer.errors import RecognizerError
from recognizer.images import open_pages
from recognizer.line_crops import crop_line

log = logging.getLogger(__name__)

MANIFEST = "lines.jsonl"


def export_lines(store: Store, folder: Path) -> dict[str, Any]:
    """Write ``lines.jsonl`` and the line images it names into ``folder``.

    The manifest appears last and whole. A page whose image cannot be read is named in the result and left out.
    A line that a person emptied ("there is no writing here") is flagged ``empty``, so that training leaves it out.

    Returns:
        {"manifest", "pages", "lines", "failures": [sentence…]}

    Raises:
        OSError: the folder cannot be written.
    """
    failures = []
    rows: list[dict[str, Any]] = []
    pages = 0
    for page in store.corrected_pages():
        try:
            rows += _write_page(store, page, folder)
            pages += 1
        except (FlywheelError, RecognizerError) as error:
            failures.append(f"Page {page.number} of {page.name!r} ({page.id}) is left out: {error}")
            log.error(failures[-1])
    return {
        "manifest": str(_write_manifest(rows, folder)),
        "pages": pages,
        "lines": len(rows),
        "failures": failures,
    }


def _write_page(store: Store, page: CorrectedPage, folder: Path) -> list[dict[str, Any]]:
    image, _ = store.page_image(page.id, page.contributor_id)
    grey = next(iter(open_pages(image, name=page.name))).grey
    (folder / "lines" / str(page.id)).mkdir(parents=True, exist_ok=True)
    rows = []
    for line in page.lines:
        path = f"lines/{page.id}/{line.id}.webp"
        crop = crop_line(grey, line.polygon, line.baseline)
        Image.fromarray(crop).save(folder / path, "WEBP", lossless=True)
        flags = [] if line.text.strip() else ["empty"]
        rows.append({"image": path, "text": line.text, "page": str(page.id), "collection": "inkloop", "flags": flags})
    return rows


def _write_manifest(rows: list[dict[str, Any]], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    manifest, unfinished = folder / MANIFEST, folder / f".{MANIFEST}.{os.getpid()}"
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    unfinished.write_text("".join(lines), encoding="utf-8", newline="\n")
    unfinished.replace(manifest)
    return manifest
