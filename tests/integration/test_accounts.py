"""Accounts, sessions and tokens in the store, and the waits of whoever guesses, on both engines."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from flywheel import accesses, accounts, passwords
from flywheel.accesses import Asker, add_program, end_session, find_asker, revoke_programs
from flywheel.accounts import Role
from flywheel.errors import BadAccount, BadLogin, NotFound, TooManyLogins
from flywheel.login import FREE_FOR_ADDRESS, FREE_FOR_NAME, LONGEST_WAIT_SECONDS, log_in
from flywheel.settings import Settings
from flywheel.store import Store
from flywheel.tables import AccessRow, ContributorRow, LoginFailuresRow
from tests.readings import a_page, an_upload

PASSWORD = "a quiet harbour"
HOME = "192.0.2.7"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords kept with little work: their strength is not what these tests are about."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def ann(store: Store) -> accounts.Account:
    return accounts.add_account(store, "Ann", password=PASSWORD, role=Role.ANNOTATOR)


def age(store: Store, row: type[AccessRow] | type[LoginFailuresRow], column: str, by: timedelta) -> None:
    """Let time pass for every row of a table."""
    with store.writing() as session:
        for found in session.scalars(select(row)):
            setattr(found, column, getattr(found, column) - by)


def fail(store: Store, name: str, *, address: str = HOME, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(BadLogin):
            log_in(store, name, "not the password", address=address)


def test_an_account_logs_in_and_its_token_tells_who_asks(store: Store, ann: accounts.Account) -> None:
    token = log_in(store, " Ann ", PASSWORD, address=HOME)
    assert len(token) >= 43
    assert find_asker(store, token, kind="session") == Asker(ann.id, "Ann", Role.ANNOTATOR, trusted=False)
    assert find_asker(store, token, kind="program") is None
    assert find_asker(store, token + "x", kind="session") is None


def test_neither_password_nor_token_is_stored(store: Store, ann: accounts.Account) -> None:
    tokens = [log_in(store, "Ann", PASSWORD, address=HOME), add_program(store, "Ann")]
    with store.reading() as session:
        kept = [session.scalars(select(ContributorRow.password_hash)).one()]
        kept += session.scalars(select(AccessRow.token_sha256))
    assert len(kept) == 3
    assert not any(secret in stored for secret in (*tokens, PASSWORD) for stored in kept if stored)
    assert all(re.fullmatch("[0-9a-f]{64}", stored or "") for stored in kept[1:])


def test_a_wrong_password_an_unknown_name_and_a_disabled_account_are_told_alike(
    store: Store, ann: accounts.Account
) -> None:
    accounts.add_account(store, "Bob", password=PASSWORD, role=Role.READER)
    accounts.disable(store, "Bob")
    store.contributor("Carl")
    said = set()
    for name, password in (("Ann", "wrong"), ("ann", PASSWORD), ("Bob", PASSWORD), ("Carl", ""), ("\0\ud800", "x")):
        with pytest.raises(BadLogin) as caught:
            log_in(store, name, password, address=HOME)
        said.add(str(caught.value))
    assert len(said) == 1
    assert "Check both" in said.pop()


def test_an_unknown_name_costs_a_comparison_too(
    store: Store, ann: accounts.Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002
            compared.append(hash)
            return bool(super().verify(hash, password))

    monkeypatch.setattr(passwords, "HASHER", Counting(time_cost=1, memory_cost=8, parallelism=1))
    fail(store, "Ann")
    fail(store, "Nobody")
    assert len(compared) == 2


def test_a_password_means_the_same_however_a_keyboard_composes_it(store: Store) -> None:
    accounts.add_account(store, "Zoë", password="cafe\u0301 au lait", role=Role.READER)
    assert log_in(store, "Zoë", "caf\u00e9 au lait", address=HOME)


def test_a_password_kept_with_older_parameters_is_kept_anew_at_the_next_login(
    store: Store, ann: accounts.Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept() -> str:
        with store.reading() as session:
            return session.scalars(select(ContributorRow.password_hash)).one() or ""

    before = kept()
    log_in(store, "Ann", PASSWORD, address=HOME)
    assert kept() == before
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    log_in(store, "Ann", PASSWORD, address=HOME)
    assert "t=2" in kept()
    assert log_in(store, "Ann", PASSWORD, address=HOME)


@pytest.mark.parametrize(
    ("name", "password", "sentence"),
    [
        ("Ann", PASSWORD, "There is an account 'Ann' already."),
        ("", PASSWORD, "'' cannot be the name of an account. Give 1 to 64 printable characters"),
        (" Bob", PASSWORD, "' Bob' cannot be the name"),
        ("Bob\n", PASSWORD, "cannot be the name"),
        ("B\0b", PASSWORD, "cannot be the name"),
        ("B" * 65, PASSWORD, "cannot be the name"),
        ("Bob", "short", "A password has 10 to 256 characters; this one has 5."),
        ("Bob", "x" * 257, "A password has 10 to 256 characters; this one has 257."),
    ],
)
def test_what_cannot_be_an_account_gets_a_sentence_and_changes_nothing(
    store: Store, ann: accounts.Account, name: str, password: str, sentence: str
) -> None:
    with pytest.raises(BadAccount, match=re.escape(sentence)):
        accounts.add_account(store, name, password=password, role=Role.OPERATOR)
    assert accounts.accounts(store) == [ann]


def test_a_contributor_without_a_password_keeps_their_pages_when_they_get_an_account(store: Store) -> None:
    local = accounts.local_contributor(store)
    kept = store.keep_reading(an_upload(), [(a_page(["x"]), b"image")], contributor=local, seconds=1)
    account = accounts.add_account(store, "local", password=PASSWORD, role=Role.ANNOTATOR)
    assert account.id == local
    assert store.document(kept.id, account.id).id == kept.id


def test_the_contributor_of_an_inkloop_without_accounts_is_an_operator_who_cannot_log_in(store: Store) -> None:
    assert accounts.local_contributor(store) == accounts.local_contributor(store)
    (local,) = accounts.accounts(store)
    assert (local.name, local.role, local.can_log_in) == ("local", Role.OPERATOR, False)
    assert not accounts.has_operator(store)


def test_roles_include_those_below_them() -> None:
    assert [[role.includes(least) for least in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_another_role_and_trust_hold_for_the_session_that_is_open(store: Store, ann: accounts.Account) -> None:
    token = log_in(store, "Ann", PASSWORD, address=HOME)
    accounts.change_role(store, "Ann", Role.OPERATOR)
    accounts.change_trust(store, "Ann", trusted=True)
    assert find_asker(store, token, kind="session") == Asker(ann.id, "Ann", Role.OPERATOR, trusted=True)
    assert accounts.has_operator(store)
    accounts.disable(store, "Ann")
    assert not accounts.has_operator(store)


def test_another_password_logs_out_every_browser_and_leaves_programs(store: Store, ann: accounts.Account) -> None:
    sessions = [log_in(store, "Ann", PASSWORD, address=HOME) for _ in range(2)]
    program = add_program(store, "Ann")
    accounts.change_password(store, "Ann", "another harbour")
    assert [find_asker(store, token, kind="session") for token in sessions] == [None, None]
    assert find_asker(store, program, kind="program")
    fail(store, "Ann")
    with pytest.raises(BadLogin):
        log_in(store, "Ann", PASSWORD, address=HOME)
    assert log_in(store, "Ann", "another harbour", address=HOME)


def test_a_disabled_account_is_out_at_once_and_back_only_by_logging_in(store: Store, ann: accounts.Account) -> None:
    session, program = log_in(store, "Ann", PASSWORD, address=HOME), add_program(store, "Ann")
    assert accounts.disable(store, "Ann").disabled_at is not None
    accounts.enable(store, "Ann")
    assert find_asker(store, session, kind="session") is None
    assert find_asker(store, program, kind="program") is None
    assert log_in(store, "Ann", PASSWORD, address=HOME)


def test_logging_out_ends_one_session_alone(store: Store, ann: accounts.Account) -> None:
    here, there = (log_in(store, "Ann", PASSWORD, address=HOME) for _ in range(2))
    end_session(store, here)
    end_session(store, "no such token")
    assert find_asker(store, here, kind="session") is None
    assert find_asker(store, there, kind="session")


def test_a_session_ends_by_itself_after_a_month_or_a_week_unheard_of(store: Store, ann: accounts.Account) -> None:
    token = log_in(store, "Ann", PASSWORD, address=HOME)
    age(store, AccessRow, "last_seen_at", accesses.SESSION_SLEEPS - timedelta(minutes=1))
    assert find_asker(store, token, kind="session")
    age(store, AccessRow, "last_seen_at", timedelta(days=6))
    assert find_asker(store, token, kind="session"), "being heard of keeps it awake"
    age(store, AccessRow, "last_seen_at", accesses.SESSION_SLEEPS)
    assert find_asker(store, token, kind="session") is None
    token = log_in(store, "Ann", PASSWORD, address=HOME)
    age(store, AccessRow, "expires_at", accesses.SESSION_LASTS)
    assert find_asker(store, token, kind="session") is None


def test_a_programs_token_works_until_it_is_revoked(store: Store, ann: accounts.Account) -> None:
    one, other = add_program(store, "Ann"), add_program(store, "Ann")
    age(store, AccessRow, "last_seen_at", timedelta(days=400))
    assert find_asker(store, one, kind="program") == find_asker(store, other, kind="program")
    assert find_asker(store, one, kind="session") is None
    revoke_programs(store, "Ann")
    assert find_asker(store, one, kind="program") is None
    with pytest.raises(NotFound, match="There is no account 'Carl' that may log in"):
        add_program(store, "Carl")


def test_sessions_long_gone_are_forgotten(store: Store, ann: accounts.Account) -> None:
    log_in(store, "Ann", PASSWORD, address=HOME)
    age(store, AccessRow, "last_seen_at", accesses.SESSION_LASTS + accesses.KEPT)
    log_in(store, "Ann", PASSWORD, address=HOME)
    assert store.counts()["accesses"] == 1


def test_operators_see_who_is_logged_in(store: Store, ann: accounts.Account) -> None:
    log_in(store, "Ann", PASSWORD, address=HOME)
    add_program(store, "Ann")
    (seen,) = accounts.accounts(store)
    assert (seen.sessions, seen.programs, seen.can_log_in) == (1, 1, True)
    assert seen.last_seen_at is not None


def test_nobody_changes_an_account_that_is_none(store: Store) -> None:
    store.contributor("Carl")
    for name in ("Carl", "Nobody"):
        with pytest.raises(NotFound, match=f"There is no account '{name}'"):
            accounts.change_password(store, name, PASSWORD)
    with pytest.raises(BadAccount):
        accounts.disable(store, "\0")


def test_guessing_at_a_name_makes_it_wait_longer_each_time_even_for_the_right_password(
    store: Store, ann: accounts.Account
) -> None:
    fail(store, "Ann", times=FREE_FOR_NAME)
    with pytest.raises(TooManyLogins, match=r"logins with this name have failed\. Wait [1-5] seconds?, then") as caught:
        log_in(store, "Ann", PASSWORD, address="198.51.100.1")
    assert 1 <= caught.value.seconds <= 5
    age(store, LoginFailuresRow, "last_at", timedelta(seconds=5))
    fail(store, "Ann")
    with pytest.raises(TooManyLogins) as caught:
        log_in(store, "Ann", PASSWORD, address=HOME)
    assert 6 <= caught.value.seconds <= 10
    age(store, LoginFailuresRow, "last_at", timedelta(seconds=10))
    assert log_in(store, "Ann", PASSWORD, address=HOME)
    fail(store, "Ann", times=FREE_FOR_NAME)


def test_waits_have_an_end(store: Store, ann: accounts.Account) -> None:
    fail(store, "Ann")
    with store.writing() as session:
        session.execute(update(LoginFailuresRow).values(failures=10_000))
    with pytest.raises(TooManyLogins, match="Wait 15 minutes") as caught:
        log_in(store, "Ann", PASSWORD, address=HOME)
    assert caught.value.seconds == LONGEST_WAIT_SECONDS
    age(store, LoginFailuresRow, "last_at", timedelta(seconds=LONGEST_WAIT_SECONDS))
    assert log_in(store, "Ann", PASSWORD, address=HOME)


def test_guessing_at_many_names_makes_the_address_wait(store: Store, ann: accounts.Account) -> None:
    for number in range(FREE_FOR_ADDRESS):
        fail(store, f"name {number}", address=f"2001:db8::{number}")
    with pytest.raises(TooManyLogins, match="logins from this address have failed"):
        log_in(store, "Ann", PASSWORD, address="2001:db8::ffff:1")
    assert log_in(store, "Ann", PASSWORD, address="2001:db8:0:1::1")


def test_logging_in_rightly_does_not_forgive_guesses_at_other_names(store: Store, ann: accounts.Account) -> None:
    for number in range(FREE_FOR_ADDRESS):
        fail(store, f"name {number}")
        if number % 5 == 0:
            assert log_in(store, "Ann", PASSWORD, address=HOME)
    with pytest.raises(TooManyLogins):
        log_in(store, "Ann", PASSWORD, address=HOME)


def test_failures_outlive_a_restart_and_are_forgiven_after_a_day(
    store: Store, settings: Settings, ann: accounts.Account
) -> None:
    fail(store, "Ann", times=FREE_FOR_NAME)
    with Store.open(settings) as restarted, pytest.raises(TooManyLogins):
        log_in(restarted, "Ann", PASSWORD, address=HOME)
    age(store, LoginFailuresRow, "last_at", timedelta(hours=25))
    fail(store, "Ann", times=FREE_FOR_NAME)


def test_guesses_made_at_once_are_all_counted(store: Store, ann: accounts.Account) -> None:
    def guess(_: int) -> type[Exception]:
        try:
            log_in(store, "Ann", "not the password", address=HOME)
        except (BadLogin, TooManyLogins) as error:
            return type(error)
        raise AssertionError("let in")

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(guess, range(16)))
    assert outcomes.count(BadLogin) == FREE_FOR_NAME
    assert outcomes.count(TooManyLogins) == 16 - FREE_FOR_NAME
