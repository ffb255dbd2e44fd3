"""The head of the page: what this is and, where people log in, as whom one is logged in and the way out.

Its value is ``{"name", "role"}``, or None where there are no accounts.
"""

import gradio as gr

from demo.components.browser_part import browser_part

TEMPLATE = """
<header class="masthead">
  <h1>Inkloop</h1>
  <p>Handwriting becomes text. You fix what is wrong, and it learns from you.</p>
  <form class="account" method="post" action="logout" aria-label="Account" hidden>
    <a class="account-name" href="password" title="Change the password"></a>
    <button>Log out</button>
  </form>
</header>
"""


def masthead() -> gr.HTML:
    """The head of the page, of nobody until it gets its value."""
    return browser_part(TEMPLATE, script="masthead.js", name="masthead")
