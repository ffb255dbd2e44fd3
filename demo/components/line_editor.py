"""The correction screen: the page with its lines boxed, and each line's image directly above its text.

Its value is ``answers.document_answer`` or None. It stores corrections through ``POST /api/v1/corrections``, so that
its fields are never rebuilt under a person's fingers, and then triggers ``submit``.
"""

import gradio as gr

from demo.components.browser_part import browser_part

TEMPLATE = """
<section class="editor" aria-label="Correct the text" hidden>
  <div class="editor-desk">
    <div class="editor-page"></div>
    <div class="editor-lines"></div>
  </div>
  <div class="editor-bar">
    <button type="button" class="bar-home" aria-label="My pages">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 20V5m-6 6 6-6 6 6"/></svg>
      <span>My pages</span>
    </button>
    <span class="bar-place"></span>
    <span class="bar-pager" hidden>
      <button type="button" class="page-back" aria-label="Page before">‹</button>
      <label class="page-list"><span aria-hidden="true"></span><select aria-label="Go to page"></select></label>
      <button type="button" class="page-on" aria-label="Next page">›</button>
    </span>
    <span class="bar-exports"></span>
    <p class="bar-message" role="status"></p>
    <span class="bar-saved"></span>
    <button type="button" class="bar-again" hidden></button>
    <button type="button" class="bar-help" aria-label="Keys">?</button>
    <span class="bar-main">
      <button type="button" class="bar-doubtful"></button>
      <button type="button" class="bar-submit">Submit</button>
    </span>
  </div>
</section>
"""


def line_editor() -> gr.HTML:
    """The correction screen, empty until it gets a document."""
    return browser_part(TEMPLATE, script="editor.js", name="line-editor")
