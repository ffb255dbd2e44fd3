"""Lines travel to a real Label Studio once each, whatever happens on the way."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from flywheel import label_status
from flywheel.editing import Edit, keep_edit
from flywheel.errors import LabelStudioBusy, ProjectGone, SyncRunning
from flywheel.label_report import label_report
from flywheel.label_studio import LabelStudio
from flywheel.preannotation import predictions
from flywheel.pushing import Pace
from flywheel.records import NewCorrection
from flywheel.settings import ROOT
from flywheel.sync import LOCK, last_runs
from flywheel.tables import PageRow, SampleRow
from tests.reviewing import MODEL, Loop, samples, states, truth

QUICK = Pace(settle_s=3.0, look_s=0.2)
AT_ONCE = Pace(settle_s=0.5, look_s=0.2)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # test_pull pushes to PostgreSQL


def test_a_doubtful_line_arrives_with_its_picture_and_what_the_model_read(loop: Loop) -> None:
    assert loop.push([loop.page().lines[0].id]).sent == 1
    (task,) = loop.tasks()
    (sample,) = samples(loop.store)
    assert task.data["sample_id"] == str(sample.id)
    assert task.data["where"] == "letter.png, page 1, line 1"
    (prediction,) = task.predictions
    assert (prediction.model_version, prediction.score) == (MODEL, pytest.approx(0.1))
    assert prediction.result[0]["value"] == {"text": ["DEAR BOB,"]}
    token = {"Authorization": f"Token {loop.studio.account.token}"}
    picture = httpx.get(loop.studio.url + task.data["image"], headers=token)
    assert Image.open(io.BytesIO(picture.content)).height == 96
    assert (sample.state, sample.task_id, sample.shown) == ("open", int(task.id), "DEAR BOB,")


def test_a_correction_travels_for_review_as_a_prediction_of_a_person(loop: Loop) -> None:
    line = loop.page().lines[1]
    ann = loop.store.contributor("Ann")
    loop.store.keep_corrections([NewCorrection(line.id, "it rains: « œ »")], contributor=ann)
    loop.push([line.id])
    ((prediction,),) = [task.predictions for task in loop.tasks()]
    assert prediction.model_version == "correction"
    assert prediction.result[0]["value"] == {"text": ["it rains: « œ »"]}


def test_push_twice_makes_no_second_task(loop: Loop) -> None:
    page = loop.page()
    assert [loop.push(page).sent for _ in range(2)] == [3, 0]
    assert len(loop.tasks()) == 3
    assert states(loop.store) == ["open"] * 3


def test_no_more_tasks_are_open_than_the_settings_allow_and_the_most_urgent_goes_first(loop: Loop) -> None:
    tight, page = replace(loop, settings=replace(loop.settings, label_studio_open_tasks=2)), loop.page()
    assert [tight.push(page).sent for _ in range(2)] == [2, 0]
    assert [task.data["where"][-6:] for task in loop.tasks()] == ["line 1", "line 2"]


def test_a_line_whose_picture_is_broken_is_named_and_the_others_arrive(loop: Loop, tmp_path: Path) -> None:
    page, broken = loop.page(), loop.page(["lost"], seed=8)
    image, _ = loop.store.page_image(broken.id, loop.store.contributor("Ann"))
    for path in (tmp_path / "blobs").rglob("*"):
        if path.is_file() and path.read_bytes() == image:
            path.unlink()
    done = loop.push([broken.lines[0].id, page.lines[0].id])
    assert (done.sent, len(loop.tasks())) == (1, 1)
    (problem,) = done.problems
    assert problem.startswith(f"Line {broken.lines[0].id} cannot be shown to anybody, so it was not sent: The blob")
    assert last_runs(loop.store)[0]["problems"] == [problem]


class Counting(LabelStudio):
    """Counts the pictures that it uploads, and may lose its server on the way."""

    uploaded, lasts = 0, 2

    def upload_images(self, number: int, images: Sequence[tuple[str, bytes]]) -> list[str]:
        if self.uploaded == self.lasts:
            raise LabelStudioBusy("no server is free")
        self.uploaded += len(images)
        return super().upload_images(number, images)


def test_a_push_that_broke_off_uploads_no_picture_twice_and_a_new_project_gets_its_own(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flywheel.uploading.MOST_FILES", 1)
    page = loop.page()
    with Counting(loop.studio.url, loop.studio.account.token) as client:
        counted = replace(loop, client=client)
        with pytest.raises(LabelStudioBusy):
            counted.push(page)
        client.lasts = 99
        assert (counted.push(page).sent, client.uploaded) == (3, 3)
        client.uploaded, client.lasts = 0, 3
        with pytest.raises(LabelStudioBusy):
            counted.push(loop.page(["one", "two", "three", "four"], seed=8))
        loop.studio.clear()
        client.lasts = 99
        assert (counted.push([], new_project=True).sent, client.uploaded) == (7, 10)


KILLED = """
import os, signal, sys, threading
from uuid import UUID
from flywheel.label_report import label_report
from flywheel.label_studio import LabelStudio
from flywheel.settings import Settings
from flywheel.store import Store
from flywheel.sync import push
from tests.reviewing import these

class Killed(LabelStudio):
    def import_tasks(self, number, tasks):
        if sys.argv[1] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if sys.argv[1] == "during":
            threading.Timer(0.03, os.kill, (os.getpid(), signal.SIGKILL)).start()
        super().import_tasks(number, tasks)
        os.kill(os.getpid(), signal.SIGKILL)

settings = Settings.from_env()
with Store.open(settings) as store, Killed.of(settings) as client:
    push(store, client, settings, these(map(UUID, sys.argv[2:])))
"""


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_push_after_kill_9_in_the_midst_of_an_import_sends_only_what_is_missing(
    loop: Loop, environ: dict[str, str], moment: str
) -> None:
    page = loop.page()
    lines = [str(line.id) for line in page.lines]
    variables = {**os.environ, **environ, **loop.studio.variables()}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, moment, *lines], cwd=ROOT, env=variables, timeout=120, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert states(loop.store) == ["sending"] * 3
    done = loop.push(page, pace=QUICK if moment == "during" else AT_ONCE)
    assert done.sent + done.found == 3
    assert moment == "during" or done.sent == (3 if moment == "before" else 0)
    assert states(loop.store) == ["open"] * 3
    assert [row.task_id for row in samples(loop.store)] == [int(task.id) for task in loop.tasks()]


def test_of_two_tasks_for_one_line_the_answered_one_stays(loop: Loop) -> None:
    page = loop.page()
    loop.push(page)
    older = loop.tasks()[0]
    (younger,) = loop.client.import_tasks(int(older.project), [{"data": older.data}])
    loop.studio.person("bea").type(younger, "Dear Bob!")
    with loop.store.writing() as session:  # as if nobody had noted that the import went through
        row = session.scalars(select(SampleRow).where(SampleRow.task_id == int(older.id))).one()
        row.state, row.task_id = "sending", None
    assert loop.push(page, pace=QUICK).found == 1
    assert sorted(int(task.id) for task in loop.tasks()) == [*(row.task_id for row in samples(loop.store)[1:]), younger]
    loop.pull()
    assert truth(loop.store) == {page.lines[0].id: "Dear Bob!"}


def test_what_is_deleted_here_leaves_label_studio_and_makes_room(loop: Loop) -> None:
    tight, page = replace(loop, settings=replace(loop.settings, label_studio_open_tasks=3)), loop.page()
    owner = loop.store.contributor("Ann")
    tight.push(page)
    keep_edit(loop.store, page.id, Edit((page.lines[0].id,), ()), [], model=MODEL, contributor=owner)
    sample_ids = [row.id for row in samples(loop.store)]
    assert [bool(found["result"]) for found in predictions(loop.store, sample_ids)] == [False, True, True]
    assert [row.text for row in label_report(loop.store, loop.settings).queue] == ["IT RAINS.", "ANN"]
    other = loop.page(["one", "two", "three", "four"], seed=8)
    done = tight.push(other)
    assert (done.sent, done.withdrawn, len(loop.tasks())) == (1, 1, 3)

    loop.studio.person("ann").type(loop.task_of(page.lines[1].id), "it rains!")
    with loop.store.reading() as session:
        document = session.get_one(PageRow, page.id).document_id
    loop.store.delete_document(document, owner)
    assert predictions(loop.store, sample_ids) == [{"result": []}] * 3
    report = label_report(loop.store, loop.settings)
    assert ([row.text for row in report.queue], report.stages["pushed"]) == (["ONE"], 1)
    assert (loop.pull().removed, states(loop.store)[:3]) == (1, ["withdrawn", "labelled", "withdrawn"])
    assert len(loop.tasks()) == 2


def test_a_deleted_project_stops_the_push_until_a_person_wants_a_new_one(loop: Loop) -> None:
    page = loop.page()
    loop.push([line.id for line in page.lines[:2]])
    loop.studio.clear()
    for _ in range(2):
        with pytest.raises(ProjectGone, match="push --new-project"):
            loop.push(page)
    assert "push --new-project" in last_runs(loop.store)[0]["problems"][0]
    report = label_status.look(loop.settings, loop.store)
    assert report is not None and "was deleted in Label Studio" in report["problems"][0]
    assert loop.push(page, new_project=True).sent == 3
    assert sorted(task.data["where"][-6:] for task in loop.tasks()) == ["line 1", "line 2", "line 3"]


def test_two_pushes_at_once_are_one_after_the_other(loop: Loop) -> None:
    page = loop.page()
    with loop.store.alone(LOCK) as alone:
        assert alone
        with pytest.raises(SyncRunning, match="Wait until it has ended"):
            loop.push(page)
    assert loop.push(page).sent == 3
