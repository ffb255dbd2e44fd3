"""The settings take what an operator writes, and say in one sentence what cannot work."""

import re
from pathlib import Path

import pytest

from flywheel.errors import BadSettings
from flywheel.settings import ROOT, VARIABLES, Settings, without_password


def test_an_empty_environment_keeps_everything_beside_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({"PATH": "/bin", "INKLOOP_MODEL": ""})
    assert settings.database_url == f"sqlite:///{ROOT}/var/inkloop.db"
    assert settings.blob_url == f"{ROOT}/var/blobs"
    assert (settings.host, settings.port, settings.port_is_fixed) == ("127.0.0.1", 7860, False)
    assert settings.model is None and settings.data is None


def test_every_variable_reaches_its_field(tmp_path: Path) -> None:
    chosen = {
        "INKLOOP_DATABASE_URL": "sqlite:////srv/ink.db",
        "INKLOOP_BLOB_URL": "s3://bucket/ink",
        "INKLOOP_LABEL_STUDIO_URL": "http://127.0.0.1:8080/",
        "INKLOOP_LABEL_STUDIO_API_KEY": "a token",
        "INKLOOP_LABEL_STUDIO_OPEN_TASKS": "40",
        "INKLOOP_DATA": str(tmp_path),
        "INKLOOP_MODEL": str(tmp_path),
        "INKLOOP_SCRATCH": "/srv/scratch",
        "INKLOOP_WANDB": "online",
        "INKLOOP_RETRAIN_MINUTES": "9",
        "INKLOOP_RETRAIN_AFTER_LINES": "50",
        "INKLOOP_RETRAIN_AT": "0 3 * * *",
        "INKLOOP_LEARN_UNCORRECTED": "off",
        "INKLOOP_TRUST": "everybody",
        "INKLOOP_AUTH": "on",
        "INKLOOP_HOST": "0.0.0.0",
        "INKLOOP_PORT": "8000",
        "INKLOOP_MAX_UPLOAD_MB": "1",
        "INKLOOP_MAX_MEGAPIXELS": "2",
        "INKLOOP_MAX_PAGES": "3",
    }
    assert chosen.keys() == VARIABLES.keys()
    assert Settings.from_env(chosen) == Settings(
        database_url="sqlite:////srv/ink.db",
        blob_url="s3://bucket/ink",
        label_studio_url="http://127.0.0.1:8080",
        label_studio_api_key="a token",
        label_studio_open_tasks=40,
        data=tmp_path,
        model=tmp_path,
        scratch=Path("/srv/scratch"),
        wandb="online",
        retrain_minutes=9,
        retrain_after_lines=50,
        retrain_at="0 3 * * *",
        learn_uncorrected=False,
        trust="everybody",
        auth=True,
        host="0.0.0.0",
        port=8000,
        port_is_fixed=True,
        max_upload_mb=1,
        max_megapixels=2,
        max_pages=3,
    )


@pytest.mark.parametrize(
    ("misspelt", "advice"),
    [
        ("INKLOOP_DATABSE_URL", "Did you mean INKLOOP_DATABASE_URL? Rename or unset it."),
        ("INKLOOP_database_url", "INKLOOP_database_url is unknown. Did you mean INKLOOP_DATABASE_URL?"),
        ("INKLOOP_ZZZ", "Those that exist: INKLOOP_AUTH, INKLOOP_BLOB_URL, INKLOOP_DATA, INKLOOP_DATABASE_URL,"),
    ],
)
def test_a_misspelt_variable_stops_the_start_even_when_empty(misspelt: str, advice: str) -> None:
    with pytest.raises(BadSettings, match=re.escape(advice)):
        Settings.from_env({misspelt: ""})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_postgresql_is_reached_through_psycopg2(scheme: str) -> None:
    settings = Settings.from_env({"INKLOOP_DATABASE_URL": f"{scheme}://ann:secret@db:5432/ink?sslmode=require"})
    assert settings.database_url == "postgresql+psycopg2://ann:secret@db:5432/ink?sslmode=require"


def test_relative_paths_count_from_the_folder_of_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({"INKLOOP_DATABASE_URL": "sqlite:///ink.db", "INKLOOP_BLOB_URL": "file://blobs"})
    monkeypatch.chdir("/")
    assert settings.database_url == f"sqlite:///{tmp_path}/ink.db"
    assert settings.blob_url == f"{tmp_path}/blobs"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "DATABASE_URL",
            "mysql://ann:hunter2@db/ink",
            "INKLOOP_DATABASE_URL begins with 'mysql', which is no database",
        ),
        ("DATABASE_URL", "postgresql+asyncpg://db/ink", "begins with 'postgresql+asyncpg', which is no database"),
        ("DATABASE_URL", "ink.db", "begins with 'ink.db', which is no database Inkloop can use. Give sqlite:///"),
        ("DATABASE_URL", "sqlite://", "which names no file. Give sqlite:/// and a path"),
        ("DATABASE_URL", "sqlite:///:memory:", "which names no file"),
        ("DATABASE_URL", "sqlite://ink.db", "which names no file"),
        ("PORT", "0", "INKLOOP_PORT is '0'. Give a whole number from 1 to 65535."),
        ("PORT", "http", "INKLOOP_PORT is 'http'. Give a whole number"),
        ("AUTH", "yes", "INKLOOP_AUTH is 'yes'. Give on or off."),
        ("MAX_UPLOAD_MB", "1.5", "INKLOOP_MAX_UPLOAD_MB is '1.5'. Give a whole number from 1 to 4096."),
        ("MAX_PAGES", "٣", "Give a whole number"),
        ("TRUST", "nobody", "INKLOOP_TRUST is 'nobody'. Give one of: reviewed, trusted, everybody."),
        ("WANDB", "yes", "INKLOOP_WANDB is 'yes'. Give one of: offline, online, off."),
        ("RETRAIN_AT", "daily", "INKLOOP_RETRAIN_AT is 'daily': it has not five fields. Give five fields as cron has"),
        (
            "RETRAIN_AT",
            "99 3 * * *",
            "INKLOOP_RETRAIN_AT is '99 3 * * *': [99 3 * * *] is not acceptable, out of range",
        ),
        ("RETRAIN_AT", "0 0 31 2 *", "failed to find next date. Give five fields as cron has them"),
        ("MODEL", "/no/such/folder", "INKLOOP_MODEL is '/no/such/folder', and there is no such folder."),
        ("DATA", "/no/such/folder", "INKLOOP_DATA is '/no/such/folder', and there is no such folder."),
        ("LABEL_STUDIO_URL", "127.0.0.1:8080", "which is no web address. Give one such as http://127.0.0.1:8080."),
    ],
)
def test_a_value_that_cannot_work_gets_a_sentence(name: str, value: str, sentence: str) -> None:
    with pytest.raises(BadSettings, match=re.escape(sentence)) as caught:
        Settings.from_env({f"INKLOOP_{name}": value})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "ink.example.org", "localhost.example.org"])
def test_other_machines_are_served_only_once_somebody_has_chosen_whether_people_log_in(host: str) -> None:
    with pytest.raises(BadSettings, match=f"INKLOOP_HOST is '{host}'.* Set INKLOOP_AUTH=on, or INKLOOP_AUTH=off if"):
        Settings(host=host).refuse_open_door()
    for chosen in ("on", "OFF"):
        Settings.from_env({"INKLOOP_HOST": host, "INKLOOP_AUTH": chosen}).refuse_open_door()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "Ink.localhost"])
def test_this_machine_is_served_without_a_choice(host: str) -> None:
    settings = Settings(host=host)
    settings.refuse_open_door()
    assert settings.auth is None


def test_secrets_stay_out_of_repr_and_of_what_people_see() -> None:
    settings = Settings.from_env(
        {
            "INKLOOP_DATABASE_URL": "postgresql://ann:hunter2@db/ink",
            "INKLOOP_BLOB_URL": "s3://id:hunter2@bucket/ink",
            "INKLOOP_LABEL_STUDIO_URL": "http://ann:hunter2@ls",
            "INKLOOP_LABEL_STUDIO_API_KEY": "hunter2",
        }
    )
    assert "hunter2" not in repr(settings)
    assert settings.database == "postgresql+psycopg2://ann:***@db/ink"
    assert settings.blobs == "s3://id:***@bucket/ink"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:p@ss:w/rd@db/ink", "postgresql://ann:***@db/ink"),
        ("postgresql://:secret@db/ink", "postgresql://:***@db/ink"),
        ("postgresql://db/ink?user=a&password=secret&sslmode=x", "postgresql://db/ink?user=a&password=***&sslmode=x"),
        ("sqlite:////srv/ink.db", "sqlite:////srv/ink.db"),
    ],
)
def test_passwords_are_hidden_wherever_they_stand(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_the_example_file_lists_every_variable_with_its_default() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^#(INKLOOP_\w+)=(.*)$", example, flags=re.MULTILINE))
    assert listed.keys() == VARIABLES.keys()
    numbers = {name: value for name, value in listed.items() if value.isdigit()}
    chosen = Settings.from_env(numbers)
    assert chosen == Settings(port_is_fixed=True)
