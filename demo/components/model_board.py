"""What the Models tab shows: what serves and why, how far a training is, the lineage with the gate's figures.

It asks ``GET /api/v1/models`` by itself, once it is looked at and every now and then while it is: whoever closes the
tab while a training runs finds it again.
"""

import gradio as gr

from demo.components.browser_part import browser_part

TEMPLATE = """
<section class="wheel" aria-label="Models" aria-busy="false">
  <header class="wheel-head">
    <div class="wheel-serving" role="status"></div>
    <div class="wheel-buttons">
      <label>Minutes <input type="number" name="minutes" min="1" max="1440" step="1"></label>
      <button type="button" name="start">Retrain</button>
      <button type="button" name="rollback">Roll back</button>
    </div>
  </header>
  <p class="wheel-message" role="alert" hidden></p>
  <div class="wheel-run"></div>
  <div class="wheel-board"></div>
</section>
"""


def model_board() -> gr.HTML:
    """The state of the wheel, which comes by itself."""
    return browser_part(TEMPLATE, script="models.js", name="models")
