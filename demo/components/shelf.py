"""The way in and the way back: a place to drop files, the examples, and the contributor's own pages.

Its value is ``{"documents", "examples", "limit_bytes"}``. Files go through ``POST /api/v1/read``, documents come
from ``GET /api/v1/documents``, so people and programs go one way; ``upload`` tells that files have been read.
"""

import gradio as gr

from demo.components.browser_part import browser_part

TEMPLATE = """
<section class="shelf" aria-label="Pages" data-empty="">
  <label class="drop">
    <input type="file" multiple aria-label="Choose a photo, a scan or a PDF">
    <svg class="drop-sign" viewBox="0 0 48 48" aria-hidden="true">
      <path d="M14 6h14l8 8v28H14z"/><path d="M28 6v8h8"/><path d="M25 35V22m-6 6 6-6 6 6"/>
    </svg>
    <span class="drop-title">Drop a page of handwriting</span>
    <span class="drop-hint">or choose a photo, a scan or a PDF</span>
    <span class="drop-progress" role="status"></span>
  </label>
  <div class="shelf-message" role="alert" hidden></div>
  <div class="shelf-pages" hidden><h2>My pages</h2><ul></ul></div>
  <details class="shelf-examples" hidden><summary>Or try an example</summary><ul></ul></details>
</section>
"""


def shelf() -> gr.HTML:
    """The shelf, empty until it gets its value."""
    return browser_part(TEMPLATE, script="shelf.js", name="shelf")
