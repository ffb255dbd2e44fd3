"""Teach a reader one more language from plain text: the same network, with more to say about what is likely."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from recognizer.datasets.synthesis import LINE_WORDS, running_lines
from recognizer.decoding.characters import CharacterModel
from recognizer.decoding.language import Language
from recognizer.errors import BadInput, BadModel
from recognizer.model_card import SHIPPED, copy_finder, inherited
from recognizer.weights_files import copy_language, load_prior, load_reader, save_prior, save_reader

TESTED = 10  # every tenth line tells what was learnt
FEWEST_LINES = 100


@dataclass(frozen=True, slots=True)
class Taught:
    """What came of it.

    Attributes:
        lines: of text that were learnt.
        bits_before: per character of every tenth line, as the model was.
        bits_after: of the same lines, had the others alone been learnt.
        unknown: characters of the text that the network can never say.
        model: version written.
    """

    lines: int
    bits_before: float
    bits_after: float
    unknown: str
    model: str

    def to_json(self) -> dict[str, int | float | str]:
        """The report as the command prints it."""
        return asdict(self)


def teach(texts: Sequence[Path], model: Path, output: Path) -> Taught:
    """Write the model in ``model`` into ``output``, knowing also the language of some texts.

    Args:
        texts: UTF-8 files of running text.
        model: folder of a line reader.
        output: another folder.

    Raises:
        BadInput: a text cannot be read, or there is too little of it.
        BadModel: the model cannot be loaded, or has no language to add to.
    """
    network, charset, card = load_reader(model)
    prior = load_prior(model, charset, card)
    if prior is None:
        raise BadModel(f"{model} knows no language to add to. Give a folder that train has written.")
    if output.resolve() == model.resolve():
        raise BadInput(f"{output} is the model that is taught. Give another folder for the new one.")
    lines = [line for text in texts for line in _lines(text)]
    if len(lines) < FEWEST_LINES:
        raise BadInput(f"The texts hold {len(lines)} lines of {LINE_WORDS} words. Add text: {FEWEST_LINES} are needed.")
    tested = lines[::TESTED]
    learnt = [line for number, line in enumerate(lines) if number % TESTED]
    after = prior.model.joined(CharacterModel.learn(learnt)).bits(tested)
    copy_language(model, output)
    language = save_prior(prior.language.joined(Language.learn(lines)), output)
    notes = inherited(card) | {"language": card["language"] | language}
    notes["sources"] = [*notes.get("sources", ()), *({"source": text.name} for text in texts)]
    version = save_reader(network, charset, output, notes=notes)
    if model != SHIPPED:  # whose finder is borrowed
        copy_finder(model, output)
    unknown = "".join(charset.unknown("".join(lines)))
    return Taught(len(lines), prior.model.bits(tested), after, unknown, version)


def _lines(text: Path) -> list[str]:
    """A text as lines of a page hold it."""
    try:
        return running_lines(text.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{text} cannot be read ({error}). Give text files in UTF-8.") from error
