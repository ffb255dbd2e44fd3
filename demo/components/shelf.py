"""The way in and the way back: a place to drop files, the examples, and the contributor's own pages.

Its value is ``{"examples", "limit_bytes", "moment"}``. Files go through ``POST /api/v1/read``, the list comes from
``GET /api/v1/documents`` and is asked for again with every new value, so people and programs go one way.
"""

import gradio as gr

from demo.components.browser_part import browser_part

TEMPLATE = """
<section class="shelf" aria-label="Pages" data-empty="">
  <div class="ways">
    <label class="drop">
      <input type="file" multiple aria-label="Choose photos, scans or PDFs"
        accept="image/*,application/pdf,.heic,.heif,.tif,.tiff">
      <svg class="drop-sign" viewBox="0 0 48 48" aria-hidden="true">
        <path d="M14 6h14l8 8v28H14z"/><path d="M28 6v8h8"/><path d="M25 35V22m-6 6 6-6 6 6"/>
      </svg>
      <span class="drop-title">Drop pages of handwriting</span>
      <span class="drop-hint">or choose photos, scans, PDFs</span>
    </label>
    <div class="intake" hidden>
      <p class="intake-name"></p>
      <div class="intake-bar" role="progressbar" aria-label="Reading" aria-valuemin="0"><span></span></div>
      <p class="intake-place"></p>
      <button type="button" class="intake-cancel">Cancel</button>
    </div>
    <div class="ways-more" role="group" aria-label="More ways in">
      <button type="button" data-way="camera">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M3 8h4l2-3h6l2 3h4v11H3z"/><circle cx="12" cy="13" r="3.6"/>
        </svg>
        Camera
      </button>
      <button type="button" data-way="clipboard">
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M8 5H5v16h14V5h-3"/><path d="M8 3h8v4H8z"/></svg>
        Paste
      </button>
      <button type="button" data-way="pen">
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 20l1-5L16 4l4 4L9 19z"/><path d="M13 7l4 4"/></svg>
        Write
      </button>
    </div>
    <details class="about">
      <summary>Whose hand is it?</summary>
      <label>Writer <input name="writer" maxlength="200" autocomplete="off" list="known-writers"></label>
      <label>Collection <input name="collection" maxlength="200" autocomplete="off" list="known-collections"></label>
      <p>Kept with the pages you add next. Both may stay empty.</p>
      <datalist id="known-writers"></datalist><datalist id="known-collections"></datalist>
    </details>
  </div>
  <div class="shelf-message" role="alert" hidden></div>
  <div class="shelf-pages" hidden>
    <div class="pages-head">
      <h2>My pages</h2>
      <input type="search" aria-label="Search names and texts" placeholder="Search names and texts" maxlength="200">
      <select aria-label="Show pages by state"></select>
      <button type="button" class="pages-all" aria-expanded="false" hidden>Show all</button>
    </div>
    <p class="pages-none" role="status"></p>
    <ul></ul>
  </div>
  <details class="shelf-examples" hidden><summary>Or try an example</summary><ul></ul></details>
</section>
"""


def shelf() -> gr.HTML:
    """The shelf, empty until it gets its value."""
    return browser_part(TEMPLATE, script="shelf.js", name="shelf")
