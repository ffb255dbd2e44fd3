"""What both sides of the comparison are given, and what they hand back: line files on disk, one JSON each way.

Standard library only: kraken's environment reads it too. Lines lie as kraken's ``ketos train`` wants them, an image
with a ``.gt.txt`` of the same name beside it; what else is known of them stands in a manifest in the same folder.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

MANIFEST = "lines.jsonl"
JOB, RESULT = "job.json", "result.json"
TRAIN, HELD, SCORED = "train", "held", "scored"
PARTS = 8  # of a training, a validation after each


@dataclass(frozen=True, slots=True)
class Job:
    """One training.

    Attributes:
        lines: folder with one of lines for training, one that chooses the checkpoint, and one that is scored.
        output: folder for checkpoints and the result; empty before.
        minutes: of training.
        start: what Inkloop begins from; kraken begins from nothing.
        seed: of everything random.
    """

    lines: str
    output: str
    minutes: float
    start: str = "scale"
    seed: int = 1

    def keep(self) -> Path:
        """Write the job into its output folder."""
        path = Path(self.output) / JOB
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> "Job":
        """Read what `keep` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def images(self, part: str) -> list[Path]:
        """The image files of one of the three parts, in the manifest's order."""
        folder = Path(self.lines) / part
        rows = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
        return [folder / json.loads(row)["image"] for row in rows]


@dataclass(frozen=True, slots=True)
class Result:
    """What a side made of its job.

    Attributes:
        name: of the program, with its version.
        began: what its network began from.
        trained_s: processor time of the training, validations left out.
        steps: of the optimizer.
        lines: seen in training, repeats counted.
        held_cer: of the checkpoint it chose, by best path, as the side itself counts it.
        texts: how it reads the scored lines, by way of reading.
        notes: what else the record should say.
    """

    name: str
    began: str
    trained_s: float
    steps: int
    lines: int
    held_cer: float
    texts: dict[str, list[str]]
    notes: dict[str, str]

    def keep(self, output: Path) -> None:
        """Write the result into a job's output folder."""
        (output / RESULT).write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, output: Path) -> "Result":
        """Read what `keep` wrote."""
        return cls(**json.loads((output / RESULT).read_text(encoding="utf-8")))
