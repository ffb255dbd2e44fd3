"""The page where people log in: plain HTML that needs no script, with every value escaped where it is put in."""

from html import escape
from string import Template

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {"Content-Security-Policy": POLICY, "X-Frame-Options": "DENY", "Cache-Control": "no-store"}

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Log in to Inkloop</title>
  <script src="ui/login.js"></script>
  <link rel="stylesheet" href="ui/base.css">
  <link rel="stylesheet" href="ui/login.css">
</head>
<body>
  <main class="login">
    <h1>Inkloop</h1>
    <form method="post" action="login">
      $message
      <label for="name">Name</label>
      <input id="name" name="name" value="$name" autocomplete="username" autocapitalize="none" spellcheck="false"
        maxlength="64" required $name_focus>
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" maxlength="256"
        required $password_focus>
      <input type="hidden" name="next" value="$next">
      <button>Log in</button>
    </form>
    <p>No account, or no password that works? An operator of this Inkloop makes them.</p>
  </main>
</body>
</html>
""")


def login_page(*, next_path: str, name: str = "", trouble: str | None = None) -> str:
    """The page.

    Args:
        next_path: where to go afterwards, a path of ours.
        name: what was typed before.
        trouble: why that did not work.
    """
    message = "" if trouble is None else f'<p class="login-trouble" role="alert">{escape(trouble)}</p>'
    return PAGE.substitute(
        message=message,
        name=escape(name),
        next=escape(next_path),
        name_focus="" if name else "autofocus",
        password_focus="autofocus" if name else "",
    )
