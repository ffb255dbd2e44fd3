"""Who gets in where people log in: browsers, programs and strangers at the real app, on SQLite."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import select

from demo.asker import Role
from demo.doorkeeper import COOKIE, least_role
from demo.routes.login import own_path
from demo.server import Services
from flywheel import accounts, passwords
from flywheel.accesses import SESSION_SLEEPS, add_program, revoke_programs
from flywheel.login import FREE_FOR_NAME
from flywheel.migrate import migrate_to
from flywheel.store import Store
from flywheel.tables import AccessRow
from tests.fake_reader import FakeReader
from tests.files import encode
from tests.handwriting import write_page
from tests.running_app import built, settings_in

PASSWORD = "a quiet harbour"
TEXTS = ["Dear Margaret,", "the roses are out"]
LETTER = write_page(TEXTS, seed=2, width=700, height=500)
PEOPLE = {"Olive": Role.OPERATOR, "Ann": Role.ANNOTATOR, "Rex": Role.READER}
PAGES = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@dataclass(frozen=True)
class Web:
    """An app where people log in, and whoever asks it for something."""

    app: FastAPI
    services: Services

    @property
    def store(self) -> Store:
        """The app's own."""
        return self.services.store

    def visitor(self, **headers: str) -> TestClient:
        """A browser or a program that nobody knows yet."""
        return TestClient(
            self.app,
            base_url="http://127.0.0.1",
            headers=headers,
            follow_redirects=False,
            raise_server_exceptions=False,
            client=("192.0.2.7", 50_000),
        )

    def browser(self, name: str) -> TestClient:
        """A browser that is logged in."""
        visitor = self.visitor()
        assert log_in(visitor, name).status_code == 303
        return visitor

    def program(self, name: str) -> TestClient:
        """A program with a token of an account's."""
        return self.visitor(Authorization=f"Bearer {add_program(self.store, name)}")


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords kept with little work: their strength is not what these tests are about."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, Services]]:
    reader = FakeReader()
    reader.teach(LETTER)
    settings = settings_in(tmp_path_factory.mktemp("login"), auth="on", max_upload_mb="1")
    with Store.open(settings) as store:
        services = Services(settings, store, reader)
        yield built(services), services


@pytest.fixture
def web(app: tuple[FastAPI, Services]) -> Web:
    """The module's app, without accounts of earlier tests."""
    built_app, services = app
    migrate_to(services.settings, "base")
    migrate_to(services.settings, "head")
    for name, role in PEOPLE.items():
        accounts.add_account(services.store, name, password=PASSWORD, role=role)
    return Web(built_app, services)


def log_in(
    visitor: TestClient, name: str, password: str = PASSWORD, *, to: str = "/", **headers: str
) -> httpx.Response:
    return visitor.post("/login", data={"name": name, "password": password, "next": to}, headers=headers)


def read(visitor: TestClient) -> httpx.Response:
    return visitor.post("/api/v1/read", files={"file": ("letter.png", encode(Image.fromarray(LETTER.image), "PNG"))})


def told(answered: httpx.Response) -> tuple[int, str]:
    return answered.status_code, answered.json()["error"]["code"]


def correction_of(page: dict[str, Any]) -> dict[str, Any]:
    return {"corrections": [{"line_id": page["lines"][0]["id"], "text": "Dear M.,"}]}


def test_signs_of_life_the_login_and_plain_files_are_for_everybody(web: Web) -> None:
    visitor = web.visitor()
    for path in ("/healthz", "/readyz", "/login", "/ui/base.css", "/ui/login.css", "/favicon.ico"):
        assert visitor.get(path).status_code == 200, path


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/docs",
        "/openapi.json",
        "/metrics",
        "/config",
        "/login/",
        "/healthz/../",
        "/ui",
        "/examples/scanned_note.png",
        "/media/00000000-0000-0000-0000-000000000000",
        "/documents/00000000-0000-0000-0000-000000000000/thumbnail",
        "/api/v1/documents/00000000-0000-0000-0000-000000000000",
        "/gradio_api/info",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/queue/data?session_hash=x",
        "/gradio_api/upload_progress?upload_id=x",
        "/gradio_api/heartbeat/x",
        "/gradio_api/startup-events",
        "/gradio_api/app_id",
        "/theme.css",
        "/nothing",
    ],
)
def test_everything_else_needs_a_login(web: Web, path: str) -> None:
    answered = web.visitor().get(path)
    assert told(answered) == (401, "not_logged_in")
    assert answered.headers["www-authenticate"] == "Bearer"
    assert "Log in at /login" in answered.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    ["/api/v1/read", "/api/v1/corrections", "/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/run/0"],
)
def test_nobody_sends_anything_without_a_login(web: Web, path: str) -> None:
    assert told(web.visitor().post(path, files={"file": ("a.png", b"x")})) == (401, "not_logged_in")
    assert web.store.counts()["documents"] == 0


def test_a_browser_that_wants_a_page_is_shown_the_login_and_then_that_page(web: Web) -> None:
    visitor = web.visitor()
    sent_on = visitor.get("/?document=7&x=é", headers=PAGES)
    assert sent_on.status_code == 303
    login = visitor.get(sent_on.headers["location"])
    assert login.headers["content-security-policy"].startswith("default-src 'none'")
    wanted = re.search(r'name="next" value="([^"]*)"', login.text)
    assert wanted and wanted[1] == "/?document=7&amp;x=%C3%A9"
    let_in = log_in(visitor, "Ann", to="/?document=7&x=%C3%A9")
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/?document=7&x=%C3%A9")
    assert visitor.get("/", headers=PAGES).status_code == 200
    assert visitor.get("/login?next=/docs").headers["location"] == "/docs"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "",
    ],
)
def test_the_login_leads_to_no_other_site(web: Web, elsewhere: str) -> None:
    assert own_path(elsewhere) == "/"
    assert log_in(web.visitor(), "Ann", to=elsewhere).headers["location"] == "/"
    assert 'name="next" value="/"' in web.visitor().get("/login", params={"next": elsewhere}).text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(web: Web) -> None:
    cookie = log_in(web.visitor(), "Ann").headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie and "Domain" not in cookie
    over_https = TestClient(web.app, base_url="https://127.0.0.1", follow_redirects=False)
    cookie = log_in(over_https, "Ann").headers["set-cookie"]
    assert cookie.startswith(f"__Host-{COOKIE}=")
    assert "Secure" in cookie.split("; ")
    assert over_https.get("/docs").status_code == 200


def test_a_wrong_password_gets_a_sentence_and_no_session(web: Web) -> None:
    visitor = web.visitor()
    answered = log_in(visitor, 'Ann"><script>', "wrong", to="/docs")
    assert answered.status_code == 401
    assert "This name and this password do not belong together." in answered.text
    assert 'value="Ann&quot;&gt;&lt;script&gt;"' in answered.text and 'value="/docs"' in answered.text
    assert "wrong" not in answered.text.partition("<form")[2]
    assert not visitor.cookies


def test_whoever_guesses_is_told_how_long_to_wait(web: Web) -> None:
    visitor = web.visitor()
    for _ in range(FREE_FOR_NAME):
        assert log_in(visitor, "Ann", "wrong").status_code == 401
    answered = log_in(visitor, "Ann")
    assert answered.status_code == 429
    assert 1 <= int(answered.headers["retry-after"]) <= 5
    assert re.search(r"Too many logins with this name have failed\. Wait \d seconds?, then try again\.", answered.text)
    assert not visitor.cookies
    assert log_in(visitor, "Rex").status_code == 303


def test_a_session_that_a_stranger_planted_is_not_the_one_that_is_logged_in(web: Web) -> None:
    attacker = web.browser("Rex")
    planted = attacker.cookies[COOKIE]
    victim = web.visitor(Cookie=f"{COOKIE}={planted}")
    let_in = log_in(victim, "Ann")
    assert planted not in let_in.headers["set-cookie"]
    assert told(attacker.get("/docs")) == (401, "not_logged_in")
    made_up = web.visitor(Cookie=f"{COOKIE}=chosen-by-me")
    log_in(made_up, "Ann")
    assert told(web.visitor(Cookie=f"{COOKIE}=chosen-by-me").get("/docs")) == (401, "not_logged_in")


def test_logging_out_ends_the_session_in_the_store_too(web: Web) -> None:
    browser = web.browser("Ann")
    token = browser.cookies[COOKIE]
    left = browser.post("/logout")
    assert (left.status_code, left.headers["location"]) == (303, "/login")
    assert not browser.cookies
    assert told(web.visitor(Cookie=f"{COOKIE}={token}").get("/docs")) == (401, "not_logged_in")
    assert browser.post("/logout").status_code == 401


def test_a_link_does_not_log_out(web: Web) -> None:
    browser = web.browser("Ann")
    browser.get("/logout", headers=PAGES)
    assert browser.get("/docs").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_page_of_another_site_makes_a_browser_do_nothing(web: Web, headers: dict[str, str]) -> None:
    browser = web.browser("Ann")
    (page,) = read(browser).json()
    assert told(browser.post("/api/v1/corrections", json=correction_of(page), headers=headers)) == (422, "bad_request")
    assert told(browser.post("/logout", headers=headers)) == (422, "bad_request")
    assert told(log_in(web.visitor(), "Ann", **headers)) == (422, "bad_request")
    assert web.store.counts()["corrections"] == 0
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"}
    assert browser.post("/api/v1/corrections", json=correction_of(page), headers=ours).status_code == 200


def test_each_sees_their_own_pages_alone(web: Web) -> None:
    ann, olive = web.browser("Ann"), web.browser("Olive")
    (page,) = read(ann).json()
    for path in (f"/api/v1/documents/{page['document']['id']}", page["image"]):
        assert ann.get(path).status_code == 200
        assert told(olive.get(path)) == (404, "not_found")
    assert told(olive.post("/api/v1/corrections", json=correction_of(page))) == (404, "not_found")
    assert ann.post("/api/v1/corrections", json=correction_of(page)).status_code == 200
    (pages,) = web.store.corrected_pages()
    (account,) = (account for account in accounts.accounts(web.store) if account.name == "Ann")
    assert {line.correction.contributor_id for line in pages.lines if line.correction} == {account.id}


def test_a_program_comes_in_with_a_token_and_needs_no_origin(web: Web) -> None:
    program = web.program("Ann")
    (page,) = read(program).json()
    assert program.post("/api/v1/corrections", json=correction_of(page)).status_code == 200
    token = program.headers["authorization"].partition(" ")[2]
    basic = base64.b64encode(f"Ann:{token}".encode()).decode()
    assert web.visitor(Authorization=f"Basic {basic}").get(page["image"]).status_code == 200
    revoke_programs(web.store, "Ann")
    assert told(program.get(page["image"])) == (401, "not_logged_in")


def test_the_documentation_tells_programs_that_they_need_a_token(web: Web) -> None:
    described = web.program("Ann").get("/openapi.json").json()
    assert described["components"]["securitySchemes"] == {"HTTPBearer": {"type": "http", "scheme": "bearer"}}
    assert described["paths"]["/api/v1/read"]["post"]["security"] == [{"HTTPBearer": []}]
    assert not any("login" in path for path in described["paths"])


@pytest.mark.parametrize("header", ["Bearer x", "Bearer ", "Basic !", "Basic eA==", "Digest x", "x", "Basic /w=="])
def test_a_header_that_names_nobody_lets_nobody_in(web: Web, header: str) -> None:
    assert told(web.visitor(Authorization=header).get("/docs")) == (401, "not_logged_in")
    browser = web.browser("Ann")
    assert told(browser.get("/docs", headers={"Authorization": header})) == (401, "not_logged_in")


def test_a_session_is_no_programs_token_and_a_programs_token_no_session(web: Web) -> None:
    session, program = web.browser("Ann").cookies[COOKIE], add_program(web.store, "Ann")
    assert told(web.visitor(Authorization=f"Bearer {session}").get("/docs")) == (401, "not_logged_in")
    assert told(web.visitor(Cookie=f"{COOKIE}={program}").get("/docs")) == (401, "not_logged_in")


def test_a_reader_reads_and_does_not_correct(web: Web) -> None:
    reader = web.browser("Rex")
    (page,) = read(reader).json()
    assert reader.get(page["image"]).status_code == 200
    refused = reader.post("/api/v1/corrections", json=correction_of(page))
    assert told(refused) == (403, "forbidden")
    assert refused.json()["error"]["message"].startswith("This is for annotators, and Rex is a reader.")
    assert web.store.counts()["corrections"] == 0


def test_numbers_for_prometheus_are_for_operators(web: Web) -> None:
    assert web.program("Olive").get("/metrics").status_code == 200
    assert told(web.program("Ann").get("/metrics")) == (403, "forbidden")


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/api/v1/documents", Role.READER),
        ("POST", "/api/v1/read", Role.READER),
        ("POST", "/api/v1/documents/7/read-again", Role.READER),
        ("DELETE", "/api/v1/documents/7", Role.READER),
        ("PUT", "/api/v1/drafts", Role.ANNOTATOR),
        ("POST", "/api/v1/pages/7/lines", Role.ANNOTATOR),
        ("PUT", "/api/v1/pages/7/order", Role.ANNOTATOR),
        ("POST", "/api/v1/whatever/comes", Role.ANNOTATOR),
        ("POST", "/label-studio/webhook", Role.ANNOTATOR),
        ("POST", "/gradio_api/queue/join", Role.READER),
        ("GET", "/metrics", Role.OPERATOR),
    ],
)
def test_an_address_asks_for_a_role(method: str, path: str, role: Role) -> None:
    assert least_role(method, path) == role


def test_whoever_is_disabled_or_has_slept_too_long_is_out(web: Web) -> None:
    ann, rex = web.browser("Ann"), web.browser("Rex")
    accounts.disable(web.store, "Ann")
    assert told(ann.get("/docs")) == (401, "not_logged_in")
    assert rex.get("/docs").status_code == 200
    with web.store.writing() as session:
        for row in session.scalars(select(AccessRow)):
            row.last_seen_at -= SESSION_SLEEPS
    assert told(rex.get("/docs")) == (401, "not_logged_in")
    assert log_in(rex, "Rex").status_code == 303
    assert log_in(ann, "Ann").status_code == 401


def test_another_password_ends_what_the_browser_had(web: Web) -> None:
    ann = web.browser("Ann")
    accounts.change_password(web.store, "Ann", "another harbour")
    assert told(ann.get("/docs")) == (401, "not_logged_in")
    assert log_in(ann, "Ann", "another harbour").status_code == 303


def change_password(browser: TestClient, until_now: str, new: str, again: str | None = None) -> httpx.Response:
    return browser.post("/password", data={"password": until_now, "new": new, "again": new if again is None else again})


def test_people_change_their_own_password_and_stay_logged_in_here_alone(web: Web) -> None:
    here, there = web.browser("Ann"), web.browser("Ann")
    assert "Password of Ann" in here.get("/password").text
    changed = change_password(here, PASSWORD, "another harbour")
    assert changed.status_code == 200
    assert "The password is changed. Every other browser is logged out." in changed.text
    assert here.get("/docs").status_code == 200
    assert told(there.get("/docs")) == (401, "not_logged_in")
    assert log_in(there, "Ann").status_code == 401
    assert log_in(there, "Ann", "another harbour").status_code == 303


@pytest.mark.parametrize(
    ("until_now", "new", "again", "status", "sentence"),
    [
        ("wrong", "another harbour", None, 401, "The password until now is another one."),
        (PASSWORD, "another harbour", "another harbor", 422, "The two new passwords differ."),
        (PASSWORD, "short", None, 422, "A password has 10 to 256 characters; this one has 5."),
    ],
)
def test_a_password_that_cannot_be_changed_stays(
    web: Web, until_now: str, new: str, again: str | None, status: int, sentence: str
) -> None:
    here, there = web.browser("Ann"), web.browser("Ann")
    refused = change_password(here, until_now, new, again)
    assert refused.status_code == status
    assert sentence in refused.text
    assert here.get("/docs").status_code == there.get("/docs").status_code == 200
    assert log_in(web.visitor(), "Ann").status_code == 303


def test_guessing_at_the_password_of_an_open_session_has_to_wait_too(web: Web) -> None:
    browser = web.browser("Ann")
    for _ in range(FREE_FOR_NAME):
        assert change_password(browser, "wrong", "another harbour").status_code == 401
    assert change_password(browser, PASSWORD, "another harbour").status_code == 429


@pytest.mark.parametrize("body", [b"x" * 10_000, b"name=%ff&password=x", b"a=1&" * 20, b"\xff"])
def test_what_is_no_login_form_gets_a_sentence(web: Web, body: bytes) -> None:
    assert told(web.visitor().post("/login", content=body)) == (422, "bad_request")


def test_an_empty_form_is_a_wrong_password(web: Web) -> None:
    assert web.visitor().post("/login", content=b"").status_code == 401


def test_where_people_log_in_the_app_answers_under_the_name_a_proxy_gives_it(web: Web) -> None:
    visitor = web.visitor(Host="ink.example.org")
    assert visitor.get("/healthz").status_code == 200
    assert log_in(visitor, "Ann", Origin="http://ink.example.org").status_code == 303


def test_an_unreachable_store_lets_nobody_in_and_says_why(web: Web) -> None:
    browser = web.browser("Ann")
    migrate_to(web.services.settings, "base")
    assert told(browser.get("/docs")) == (503, "store_unavailable")


def test_without_accounts_there_is_no_login_and_everybody_may_do_everything(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with Store.open(settings) as store:
        app = built(Services(settings, store, FakeReader()))
        visitor = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
        assert visitor.get("/metrics").status_code == 200
        assert visitor.get("/", headers=PAGES).status_code == 200
        assert visitor.get("/login").status_code in (404, 405)
