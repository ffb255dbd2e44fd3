"""The drawing pad: writing with pen, finger or mouse becomes a page like any other.

It has no value. "inkloop:write" opens it; what was written leaves as a PNG in an "inkloop:files" event, which the shelf
reads as if the file had been dropped.
"""

import gradio as gr

from demo.components.browser_part import browser_part

TEMPLATE = """
<dialog class="sheet pad" aria-label="Write with a pen">
  <header>
    <h2>Write with a pen</h2>
    <button type="button" class="sheet-close" aria-label="Close">×</button>
  </header>
  <div class="pad-tools" role="toolbar" aria-label="Tools">
    <button type="button" data-tool="pen" aria-pressed="true">Pen</button>
    <button type="button" data-tool="eraser" aria-pressed="false">Eraser</button>
    <span class="pad-gap"></span>
    <button type="button" data-do="undo">Undo</button>
    <button type="button" data-do="redo">Redo</button>
    <span class="pad-gap"></span>
    <button type="button" data-do="lines" aria-pressed="true">Paper lines</button>
    <button type="button" data-do="clear">Clear</button>
  </div>
  <div class="pad-paper">
    <canvas role="img" aria-label="Paper to write on"></canvas>
    <p class="pad-hint">Write here with a pen, a finger or the mouse</p>
  </div>
  <footer>
    <p>Write in lines, as on paper. The lines on the paper are not part of the picture.</p>
    <button type="button" class="main" data-do="read">Read this</button>
  </footer>
</dialog>
"""


def ink_pad() -> gr.HTML:
    """The pad, closed."""
    return browser_part(TEMPLATE, script="ink_pad.js", name="ink-pad")
