"""The figures of the Insights tab: which lines they are about, and plots, numbers and tables of them.

It asks ``GET /api/v1/insights`` by itself, once it is looked at and every now and then while it is. Plots are SVG of
our own: Gradio's cannot draw how sure a figure is, and have no table beside them for those who cannot see.
"""

import gradio as gr

from demo.components.browser_part import browser_part

TEMPLATE = """
<section class="insights" aria-label="Insights" aria-busy="false">
  <form class="insight-question" aria-label="Which lines">
    <label>Time
      <select name="days">
        <option value="7">last 7 days</option>
        <option value="30">last 30 days</option>
        <option value="90">last 90 days</option>
        <option value="365">last year</option>
        <option value="" selected>all</option>
      </select>
    </label>
    <label>Model version <select name="model"><option value="">all</option></select></label>
    <label>Collection <select name="collection"><option value="">all</option></select></label>
    <label hidden>Whose lines
      <select name="mine"><option value="">everybody's</option><option value="true">mine</option></select>
    </label>
    <button type="submit">Refresh</button>
    <p class="insight-moment" role="status"></p>
  </form>
  <p class="insight-message" role="alert" hidden></p>
  <div class="insight-board"></div>
</section>
"""


def insight_board() -> gr.HTML:
    """The figures, which come by themselves."""
    return browser_part(TEMPLATE, script="insights.js", name="insights")
