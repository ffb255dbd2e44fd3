"""Engines take turns over the same images, so that whatever else the machine does hits them all alike."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.engines import Engine
from benchmarks.samples import Sample
from recognizer.metrics import cer, wer

Read = Callable[[Engine, Sequence[Sample]], list[str]]


@dataclass
class Score:
    """What one engine did with one set of samples."""

    engine: str
    pairs: list[tuple[str, str]] = field(default_factory=list)
    round_seconds: list[float] = field(default_factory=list)
    round_counts: list[int] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """Images per second, round by round."""
        return [count / seconds for count, seconds in zip(self.round_counts, self.round_seconds, strict=True)]

    def summary(self, peer: "Score") -> dict[str, object]:
        """The record's row; ``speed_ratio`` and ``cer_ratio`` are this engine's over the peer's of the same run."""
        ratios = [ours / theirs for ours, theirs in zip(self.rates, peer.rates, strict=True)]
        rate, peer_rate = (sum(score.round_counts) / sum(score.round_seconds) for score in (self, peer))
        return {
            "engine": self.engine,
            "images": sum(self.round_counts),
            "cer": round(cer(self.pairs), 4),
            "wer": round(wer(self.pairs), 4),
            "per_second": round(rate, 2),
            "speed_ratio": round(rate / peer_rate, 3),
            "speed_ratio_of_rounds": [round(min(ratios), 3), round(max(ratios), 3)],
            "cer_ratio": round(cer(self.pairs) / cer(peer.pairs), 3) if cer(peer.pairs) else None,
        }


def lines(engine: Engine, samples: Sequence[Sample]) -> list[str]:
    """Read cropped lines, all of a round in one call."""
    return engine.read_lines([sample.image for sample in samples])


def pages(engine: Engine, samples: Sequence[Sample]) -> list[str]:
    """Read pages one by one."""
    return [engine.read_page(sample.image) for sample in samples]


def compete(engines: Sequence[Engine], samples: Sequence[Sample], read: Read, *, rounds: int) -> list[Score]:
    """Every engine reads every sample once, in ``rounds`` rounds that each start with another engine.

    A batch that is not measured warms each engine up first.
    """
    for engine in engines:
        read(engine, samples[:8] if read is lines else samples[:1])
    scores = [Score(engine.name) for engine in engines]
    for start in range(rounds):
        share = samples[start::rounds]
        turn = start % len(engines)
        for engine, score in [*zip(engines, scores, strict=True)][turn:] + [*zip(engines, scores, strict=True)][:turn]:
            began = time.perf_counter()
            texts = read(engine, share)
            score.round_seconds.append(time.perf_counter() - began)
            score.round_counts.append(len(share))
            score.pairs += [(sample.text, text) for sample, text in zip(share, texts, strict=True)]
    return scores
