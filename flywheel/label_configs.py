"""The two labelling configs that Label Studio shows people, and whether a project's own one can stand in for ours.

They are files in ``labelling/``, each with a version in its root's ``className``. Label Studio itself lets any config
replace any other, also one that orphans what people have labelled, so the comparison is made here.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree

from flywheel.errors import ProjectUnfit

FOLDER = Path(__file__).resolve().parent / "labelling"


class Kind(StrEnum):
    """What one unit of review is."""

    LINES = "lines"
    PAGES = "pages"

    @property
    def project_name(self) -> str:
        """What our project is called in Label Studio."""
        return f"Inkloop {self}"


@dataclass(frozen=True, slots=True)
class Control:
    """A part of a config that people answer with; what they have answered names it."""

    tag: str
    to_name: str
    choices: frozenset[str]

    def holds(self, other: "Control") -> bool:
        """Whether every answer that ``other`` may have produced is one of this control's too."""
        return (self.tag, self.to_name) == (other.tag, other.to_name) and self.choices >= other.choices


@dataclass(frozen=True, slots=True)
class LabelConfig:
    """A config's version (0: none of ours) and its controls by name."""

    version: int
    controls: dict[str, Control]

    @classmethod
    def read(cls, xml: str, kind: Kind) -> "LabelConfig":
        """The config written in ``xml``.

        Raises:
            ProjectUnfit: it is no XML.
        """
        try:
            root = ElementTree.fromstring(xml or "<View/>")
        except ElementTree.ParseError as error:
            raise ProjectUnfit(
                f"The labelling config of the project {kind.project_name!r} in Label Studio is no XML ({error}). "
                "Mend it there, or rename the project: the next push then makes a new one."
            ) from error
        found = re.search(rf"\binkloop-{kind}-(\d+)\b", root.get("className", ""))
        controls = {
            element.get("name", ""): Control(
                element.tag,
                element.get("toName", ""),
                frozenset(choice.get("alias") or choice.get("value") or "" for choice in element.iter("Choice")),
            )
            for element in root.iter()
            if element.get("toName") is not None
        }
        return cls(int(found[1]) if found else 0, controls)


def shipped(kind: Kind) -> str:
    """The XML of this code's config."""
    return (FOLDER / f"{kind}.xml").read_text(encoding="utf-8").strip()


def must_migrate(theirs: str, kind: Kind) -> bool:
    """Whether a project that has the config ``theirs`` needs ours in its place.

    A config of our version that people have extended stays theirs.

    Raises:
        ProjectUnfit: it needs ours, and ours would orphan labels; or a newer Inkloop made it.
    """
    own, found = LabelConfig.read(shipped(kind), kind), LabelConfig.read(theirs, kind)
    if found.version > own.version:
        raise ProjectUnfit(
            f"The project {kind.project_name!r} in Label Studio has labelling config {found.version}, this code knows "
            f"{own.version}: a newer Inkloop made it. Update the code."
        )
    lacking = [name for name, control in own.controls.items() if not _held(control, found.controls.get(name))]
    if not lacking and found.version == own.version:
        return False
    lost = [name for name, control in found.controls.items() if not _held(control, own.controls.get(name))]
    if lost:
        raise ProjectUnfit(
            f"The project {kind.project_name!r} in Label Studio has a labelling config that ours cannot replace: "
            f"labels made with {', '.join(map(repr, sorted(lost)))} would lose their meaning. "
            "Rename that project, and the next push makes a new one."
        )
    return True


def _held(control: Control, by: Control | None) -> bool:
    return by is not None and by.holds(control)
