"""The pages where people log in and change their password: plain HTML without need of a script, every value escaped."""

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
  <title>$title</title>
  <script src="ui/login.js"></script>
  <link rel="stylesheet" href="ui/base.css">
  <link rel="stylesheet" href="ui/login.css">
</head>
<body>
  <main class="login">
    <h1>$heading</h1>
    <form method="post" action="$action">
      $message
      $fields
    </form>
    <p>$hint</p>
  </main>
</body>
</html>
""")

LOGIN_FIELDS = Template("""<label for="name">Name</label>
      <input id="name" name="name" value="$name" autocomplete="username" autocapitalize="none" spellcheck="false"
        maxlength="64" required $name_focus>
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" maxlength="256"
        required $password_focus>
      <input type="hidden" name="next" value="$next">
      <button>Log in</button>""")
LOGIN_HINT = "No account, or no password that works? An operator of this Inkloop makes them."

PASSWORD_FIELDS = Template("""<input type="hidden" name="name" value="$name" autocomplete="username">
      <label for="password">Password until now</label>
      <input id="password" name="password" type="password" autocomplete="current-password" maxlength="256"
        required autofocus>
      <label for="new">New password</label>
      <input id="new" name="new" type="password" autocomplete="new-password" maxlength="256" required>
      <label for="again">The new one again</label>
      <input id="again" name="again" type="password" autocomplete="new-password" maxlength="256" required>
      <button>Change the password</button>""")
PASSWORD_HINT = '<a href="./">Back to the pages</a>'


def login_page(*, next_path: str, name: str = "", trouble: str | None = None) -> str:
    """The page where people log in.

    Args:
        next_path: where to go afterwards, a path of ours.
        name: what was typed before.
        trouble: why that did not work.
    """
    fields = LOGIN_FIELDS.substitute(
        name=escape(name),
        next=escape(next_path),
        name_focus="" if name else "autofocus",
        password_focus="autofocus" if name else "",
    )
    return PAGE.substitute(
        title="Log in to Inkloop",
        heading="Inkloop",
        action="login",
        message="" if trouble is None else _trouble(trouble),
        fields=fields,
        hint=LOGIN_HINT,
    )


def password_page(*, name: str, trouble: str | None = None, done: str | None = None) -> str:
    """The page where people change their own password.

    Args:
        name: whose.
        trouble: why that did not work.
        done: that it did.
    """
    said = "" if done is None else f'<p class="login-done" role="status">{escape(done)}</p>'
    return PAGE.substitute(
        title="Change the password: Inkloop",
        heading=f"Password of {escape(name)}",
        action="password",
        message=said if trouble is None else _trouble(trouble),
        fields=PASSWORD_FIELDS.substitute(name=escape(name)),
        hint=PASSWORD_HINT,
    )


def _trouble(sentence: str) -> str:
    return f'<p class="login-trouble" role="alert">{escape(sentence)}</p>'
