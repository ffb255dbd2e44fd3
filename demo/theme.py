"""How the page looks: ink on paper, in fonts that Gradio carries itself, so none is fetched from anywhere."""

import gradio as gr
from gradio.themes.utils.fonts import Font, LocalFont

WEIGHTS = (400, 700)  # Gradio 6.31 carries these in full; its 600 lacks most letters
SANS = (LocalFont("IBM Plex Sans", WEIGHTS), Font("system-ui"), Font("sans-serif"))
MONO = (LocalFont("IBM Plex Mono", WEIGHTS), Font("ui-monospace"), Font("monospace"))


def theme() -> gr.themes.Base:
    """Gradio's plain theme on our paper; everything else is in ``browser/*.css``."""
    plain = gr.themes.Base(primary_hue="indigo", neutral_hue="stone", font=SANS, font_mono=MONO)
    return plain.set(
        body_background_fill="#faf8f3",
        body_background_fill_dark="#15171c",
        body_text_color="#23262f",
        body_text_color_dark="#e7e4dc",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1c1f26",
    )
