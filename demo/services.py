"""What the whole web stands on, made once by ``app.py`` and passed down."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from demo.readers import PersonalReaders, Reader
from flywheel.scopes import Labelled, Scope, scopes_of
from flywheel.settings import Settings
from flywheel.store import Store
from recognizer.images import Limits


@dataclass(eq=False)
class Services:
    """Settings, store and readers; all safe to share between threads.

    The common reader is another one after a promotion: whoever needs one and the same for several calls takes it once.
    Hands and collections may have one of their own.
    """

    settings: Settings
    store: Store
    reader: Reader
    personal: PersonalReaders = field(init=False)

    def __post_init__(self) -> None:
        self.personal = PersonalReaders(self.settings, self.store)

    def reader_for(self, scopes: Sequence[Scope]) -> Reader:
        """What reads these scopes: the first one's own reader, or the common one.

        Raises:
            StoreUnavailable: the registry cannot be asked now.
        """
        return self.personal.reader_for(scopes) or self.reader

    def version_for(self, labelled: Labelled) -> str:
        """The version of what reads such a document now; loads nothing.

        Raises:
            StoreUnavailable: the registry cannot be asked now.
        """
        return self.personal.version_for(scopes_of(labelled)) or self.reader.version

    @property
    def limits(self) -> Limits:
        """What one uploaded file may hold."""
        chosen = self.settings
        return Limits(bytes=self.limit_bytes, pixels=chosen.max_megapixels * 1_000_000, pages=chosen.max_pages)

    @property
    def limit_bytes(self) -> int:
        """The largest file that a person may give."""
        return self.settings.max_upload_mb * 1024 * 1024
