"""What the process counts for Prometheus, in a registry of its own: two apps in one process do not mix."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

SECONDS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The counters of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "inkloop_requests", "HTTP requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.pages_read = Counter("inkloop_pages_read", "Pages read and stored.", registry=self.registry)
        self.lines_read = Counter("inkloop_lines_read", "Lines read and stored.", registry=self.registry)
        self.read_seconds = Histogram(
            "inkloop_read_seconds",
            "Time to find and read the lines of one page.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.refused = Counter(
            "inkloop_refused", "Answers that were an error, by their code.", ["code"], registry=self.registry
        )
        self.corrections = Counter(
            "inkloop_corrections", "Corrections and confirmations stored.", registry=self.registry
        )
        self.judgements = Counter(
            "inkloop_judgements", "What became of typed texts.", ["outcome"], registry=self.registry
        )
        self.drafts = Counter("inkloop_drafts", "Drafts saved.", registry=self.registry)
        self.line_edits = Counter(
            "inkloop_line_edits",
            "Edits of which lines a page has: add, split, merge, reshape, delete, undo, order.",
            ["kind"],
            registry=self.registry,
        )
        self.documents_deleted = Counter("inkloop_documents_deleted", "Documents deleted.", registry=self.registry)
        self.unknown_characters = Counter(
            "inkloop_unknown_characters",
            "Characters typed that the model's charset lacks.",
            registry=self.registry,
        )

    def exposition(self) -> bytes:
        """Everything counted, in Prometheus' text format."""
        return generate_latest(self.registry)
