"""What the Label tab shows: the way of lines through Label Studio, what waits and why, who labels how.

It asks ``GET /api/v1/label-studio`` by itself, once it is looked at and every now and then while it is.
"""

import gradio as gr

from demo.components.browser_part import browser_part

TEMPLATE = """
<section class="labelling" aria-label="Label Studio" aria-busy="false">
  <header class="labelling-head">
    <div class="labelling-server" role="status"></div>
    <div class="labelling-buttons">
      <button type="button" name="push" disabled>Push</button>
      <button type="button" name="pull" disabled>Pull</button>
    </div>
  </header>
  <p class="labelling-message" role="alert" hidden></p>
  <div class="labelling-board"></div>
</section>
"""


def label_board() -> gr.HTML:
    """The board, which fills itself."""
    return browser_part(TEMPLATE, script="labelling.js", name="labelling")
