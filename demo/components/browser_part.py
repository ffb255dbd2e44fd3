"""Ties a Gradio component to its script in ``browser/``, the only way user text can never run as code.

``gr.HTML`` compiles its template twice, so ours never change and hold nobody's text: the script builds the rest out of
elements. It is a module of its own file, imported when the component loads.
"""

from typing import Any

import gradio as gr

ON_LOAD = """
import(new URL("ui/{script}", document.baseURI))
  .then((part) => part.mount({{ element, props, trigger, watch }}))
  .catch((error) => console.error(error));
"""


def browser_part(template: str, *, script: str, name: str) -> gr.HTML:
    """A component that shows a fixed template and leaves the rest to a script.

    Args:
        template: markup without any placeholder.
        script: file in ``browser/`` whose ``mount`` gets the element, the value and the events.
        name: the element's id.
    """
    options: dict[str, Any] = {"apply_default_css": False, "elem_id": name, "min_height": 0}
    return gr.HTML(html_template=template, js_on_load=ON_LOAD.format(script=script), **options)
