from __future__ import annotations

import pytest

from fbp.lab import timing
from fbp.lab.timing import interleaved


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """No more rounds than asked for."""
    monkeypatch.setattr(timing, "ENOUGH_SECONDS", 0)


def test_programs_run_in_turn_after_two_warm_up_calls_none_always_after_the_same(monkeypatch):
    monkeypatch.setattr(timing, "SAMPLE_SECONDS", 0)  # one call a sample
    order = []
    interleaved({name: lambda name=name: order.append(name) for name in "abc"}, rounds=20)
    assert order[:6] == list("aabbcc")
    rounds = ["".join(order[i : i + 3]) for i in range(6, 66, 3)]
    assert {"".join(sorted(r)) for r in rounds} == {"abc"}
    assert len(set(rounds)) == 6


def test_short_programs_are_repeated_until_a_sample_is_long_enough(monkeypatch):
    """2 warm-up calls, then 2 rounds of as many calls of 0.21 ms as fill 2 ms."""
    calls = 0

    def program():
        nonlocal calls
        calls += 1

    monkeypatch.setattr(timing.time, "perf_counter", lambda: calls * 2.1e-4)
    result = interleaved({"program": program}, rounds=2)["program"]
    assert calls == 2 + 2 * 10
    assert result.seconds == pytest.approx(2.1e-4)


def test_short_rounds_go_on_until_they_tell_something(monkeypatch):
    clock = iter([1.0] * (2 + 5))
    monkeypatch.setattr(timing, "clock", lambda program, calls: next(clock))
    monkeypatch.setattr(timing, "ENOUGH_SECONDS", 5)
    interleaved({"a": lambda: None}, rounds=3)
    assert next(clock, None) is None


def test_ratio_is_to_the_first_of_the_same_round():
    """Rounds in which both take twice, or ten times, as long leave the ratio as it is."""
    a, b = iter([1, 1, 1, 2, 10]), iter([3, 3, 3, 6, 31])
    clocks = {"a": lambda calls: next(a), "b": lambda calls: next(b)}
    a, b = timing.interleaved_clocks(clocks, rounds=3).values()
    assert (a.ratio, a.low, a.high) == (1, 1, 1)
    assert (b.ratio, b.low) == (3, 3)
    assert b.high == pytest.approx(3.05)
    assert (a.seconds, b.seconds) == (2, 6)
