"""Makes the example pages of the demo: ``python -m tests.make_examples``.

They are synthetic, so that nobody's handwriting and nobody's rights are in them; the texts are our own or by poets dead
for a century. Running this again writes the same pages.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.handwriting import Grey, write_page

FOLDER = Path(__file__).parents[1] / "demo" / "examples"
Colour = tuple[int, int, int]

FRENCH_LETTER = [
    "Saint-Malo, le 12 août",
    "",
    "Chère Élise,",
    "",
    "Nous voilà enfin arrivés après deux",
    "jours de route. La maison est petite",
    "mais très claire, et de la fenêtre on",
    "aperçoit la mer derrière les pins.",
    "Hier soir, Noël a pêché un énorme",
    "maquereau ; il en était si fier qu’il",
    "l’a montré à tout le village !",
    "",
    "Viens donc passer quelques semaines",
    "ici, où l’air est si doux. Ta chambre",
    "t’attend déjà.",
    "",
    "Je t’embrasse de tout cœur,",
    "Hélène",
]
ENGLISH_NOTE = [
    "Dear Tom,",
    "",
    "the key is under the blue pot, as always.",
    "Please water the tomatoes every evening",
    "and feed Oscar twice a day; he will tell you",
    "he is starving, but do not believe him.",
    "The plumber comes on Thursday at 9.30.",
    "",
    "Thank you for everything! There is cake in",
    "the kitchen and 25 pounds for the milkman.",
    "",
    "Yours, Margaret",
]
DICKINSON = [
    "Hope is the thing with feathers",
    "That perches in the soul,",
    "And sings the tune without the words,",
    "And never stops at all,",
    "",
    "And sweetest in the gale is heard;",
    "And sore must be the storm",
    "That could abash the little bird",
    "That kept so many warm.",
    "",
    "Emily Dickinson, 1861",
]
LA_FONTAINE = [
    "La Cigale, ayant chanté",
    "Tout l’été,",
    "Se trouva fort dépourvue",
    "Quand la bise fut venue :",
    "Pas un seul petit morceau",
    "De mouche ou de vermisseau.",
    "Elle alla crier famine",
    "Chez la Fourmi sa voisine,",
    "La priant de lui prêter",
    "Quelque grain pour subsister",
    "Jusqu’à la saison nouvelle.",
    "« Je vous paierai, lui dit-elle,",
    "Avant l’août, foi d’animal,",
    "Intérêt et principal. »",
    "La Fourmi n’est pas prêteuse ;",
    "C’est là son moindre défaut.",
    "« Que faisiez-vous au temps chaud ?",
    "Dit-elle à cette emprunteuse.",
    "— Nuit et jour à tout venant",
    "Je chantais, ne vous déplaise.",
    "— Vous chantiez ? j’en suis fort aise :",
    "Eh bien ! dansez maintenant. »",
]


def make_examples(folder: Path) -> None:
    """Write every example page into a folder."""
    letter = write_page(FRENCH_LETTER, seed=4, width=1000, height=1400).image
    _tint(letter, ink=(28, 42, 110), paper=(246, 238, 216)).save(folder / "letter_in_French.webp", quality=70)
    note = write_page(ENGLISH_NOTE, seed=7, width=1200, height=900).image
    Image.fromarray(note).point(lambda value: 255 * (value > 140), "1").save(folder / "scanned_note.png", optimize=True)
    poem = write_page(DICKINSON, seed=8, width=1000, height=1000, paper="ruled").image
    photo = _photograph(_tint(poem, ink=(30, 30, 34), paper=(240, 238, 228)))
    photo.save(folder / "photo_of_ruled_paper.jpg", quality=72, optimize=True)
    fable = write_page(LA_FONTAINE, seed=13, width=1250, height=850, columns=2).image
    _tint(fable, ink=(70, 40, 25), paper=(238, 228, 205)).save(folder / "fable_in_two_columns.webp", quality=70)


def _tint(page: Grey, *, ink: Colour, paper: Colour) -> Image.Image:
    """Coloured ink on coloured paper instead of grey on grey."""
    dark, light = np.percentile(page, [0.2, 90])
    share = np.clip((page.astype(float) - dark) / (light - dark), 0, 1.05)[..., None]
    colours = np.array(ink) * (1 - share) + np.array(paper) * share
    return Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))


def _photograph(page: Image.Image) -> Image.Image:
    """The page on a wooden table, seen at a slant, with the photographer's shadow across it."""
    width, height = 1100, 1200
    rng = np.random.default_rng(5)
    corners = np.array([[0, 0], [page.width, 0], [page.width, page.height], [0, page.height]], np.float32)
    seen = np.array([[150, 130], [985, 95], [1050, 1085], [75, 1030]], np.float32)
    turn = np.asarray(cv2.getPerspectiveTransform(corners, seen))
    table = _table(height, width, rng)
    laid = cv2.warpPerspective(np.asarray(page), turn, (width, height), flags=cv2.INTER_AREA)
    inside = cv2.warpPerspective(np.ones((page.height, page.width)), turn, (width, height))[..., None]
    scene = np.asarray(laid * inside + table * (1 - inside), np.float32)
    seen_in_light = np.asarray(cv2.GaussianBlur(scene, (0, 0), 0.7)) * _light(height, width)[..., None]
    noisy = seen_in_light + rng.normal(0, 1.5, scene.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _table(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    grain = np.asarray(cv2.GaussianBlur(rng.normal(0, 60, (height, width)).astype(np.float32), (0, 0), 40, sigmaY=1.2))
    return np.asarray(np.array([96, 66, 44]) + 4 * grain[..., None] * np.array([1, 0.8, 0.6]))


def _light(height: int, width: int) -> NDArray[np.float64]:
    """Brighter towards the window at the top right; a soft-edged shadow over the lower left."""
    y, x = np.mgrid[0:height, 0:width]
    window = 0.82 + 0.22 * (x / width) * (1 - y / height)
    shadow = 1 / (1 + np.exp(((x + 260) - 0.9 * (y - 100)) / 45))
    return np.asarray(window * (1 - 0.42 * shadow))


if __name__ == "__main__":
    make_examples(FOLDER)
