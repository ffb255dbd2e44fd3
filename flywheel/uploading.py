"""Uploads the pictures of what waits in the outbox, once each: the next are cut out while some travel.

A picture is remembered as soon as the server has it, so a push that breaks off does not send it again. One upload
travels at a time: Label Studio keeps files one by one, and two at once would only keep its people waiting.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from uuid import UUID

from flywheel import label_pictures, outbox, page_pictures
from flywheel.label_configs import Kind
from flywheel.label_projects import KnownProject
from flywheel.label_studio import MOST_FILES, LabelStudio
from flywheel.outbox import Sample
from flywheel.store import Store

log = logging.getLogger(__name__)

MOST_BYTES = 32 * 2**20
"""Of one upload, unless one picture alone has more."""

Images = Callable[[Store, Sequence[Sample]], Iterator[tuple[UUID, bytes | str]]]
SHOWN: dict[Kind, tuple[Images, str]] = {
    Kind.LINES: (label_pictures.line_images, label_pictures.SUFFIX),
    Kind.PAGES: (page_pictures.page_images, page_pictures.SUFFIX),
}


@dataclass
class Upload:
    """The uploads of one push; ``problems`` grows by a sentence for every picture that nobody can be shown."""

    store: Store
    client: LabelStudio
    project: KnownProject
    problems: list[str]

    def run(self, waiting: Sequence[Sample]) -> list[Sample]:
        """Upload the pictures that are not there yet.

        Returns:
            The samples that people can be shown, in order; without ``image`` those whose line or page is gone.

        Raises:
            LabelStudioError: the server cannot be used; the pictures that arrived are remembered.
        """
        cut, suffix = SHOWN[self.project.kind]
        unseen: set[UUID] = set()
        paths: dict[UUID, str] = {}
        images = self._readable(cut(self.store, [sample for sample in waiting if sample.image is None]), unseen)
        with ThreadPoolExecutor(1, thread_name_prefix="upload") as hand:
            travelling: list[tuple[list[UUID], Future[list[str]]]] = []
            for some in _batches(images):
                paths |= self._arrived(travelling)
                files = [(f"{sample_id}{suffix}", image) for sample_id, image in some]
                sent = hand.submit(self.client.upload_images, self.project.number, files)
                travelling = [([sample_id for sample_id, _ in some], sent)]
            paths |= self._arrived(travelling)
        return [
            replace(sample, image=paths.get(sample.id, sample.image)) for sample in waiting if sample.id not in unseen
        ]

    def _readable(self, images: Iterable[tuple[UUID, bytes | str]], unseen: set[UUID]) -> Iterator[tuple[UUID, bytes]]:
        for sample_id, image in images:
            if isinstance(image, str):
                unseen.add(sample_id)
                self.problems.append(image)
                log.error("%s", image)
            else:
                yield sample_id, image

    def _arrived(self, travelling: Sequence[tuple[list[UUID], Future[list[str]]]]) -> dict[UUID, str]:
        """Wait for what travels, and remember where the server keeps it."""
        paths = {
            sample_id: path for ids, sent in travelling for sample_id, path in zip(ids, sent.result(), strict=True)
        }
        with self.store.writing() as session:
            outbox.mark_uploaded(session, paths, project=self.project.id)
        return paths


def _batches(images: Iterable[tuple[UUID, bytes]]) -> Iterator[list[tuple[UUID, bytes]]]:
    """As many pictures as one upload may have."""
    some: list[tuple[UUID, bytes]] = []
    size = 0
    for sample_id, image in images:
        if some and (len(some) == MOST_FILES or size + len(image) > MOST_BYTES):
            yield some
            some, size = [], 0
        some.append((sample_id, image))
        size += len(image)
    if some:
        yield some
