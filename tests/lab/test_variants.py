from __future__ import annotations

from fbp.config.schema import Backprop, FiniteDifference, Spsa
from fbp.gradients import MODES
from fbp.lab.variants import variants


def test_every_mode_is_there():
    assert {v.mode for v in variants(Backprop(), 100)} == set(MODES)


def test_the_configured_mode_has_its_options_and_both_schemes():
    found = {v.name: v for v in variants(FiniteDifference(step=0.125, scheme="one_sided"), 100)}
    central, one_sided = found["finite_difference"], found["finite_difference_one_sided"]
    assert (central.options["scheme"], central.options["step"]) == ("central", 0.125)
    assert (one_sided.options["scheme"], one_sided.options["step"]) == ("one_sided", 0.125)
    assert (central.passes(100), one_sided.passes(100)) == (200, 101)


def test_draws_are_two_passes_each():
    found = {v.name: v for v in variants(Spsa(draws=7), 100)}
    assert found["spsa"].passes(100) == found["spsa"].passes(200) == 14


def test_chunks_of_large_nets_fit_in_memory():
    chunk = {n: variants(Backprop(), n)[2].options["chunk"] for n in (100, 10**7, 10**12)}
    assert chunk == {100: 64, 10**7: 6, 10**12: 1}
