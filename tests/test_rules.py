"""Every row of the table through every check: a new layer is one new row, and is proved here."""

import pytest
from tests.cases import CASES

from fbp.proof.cases.case import Case
from fbp.proof.prove import prove_case


def test_names_are_unique():
    names = [case.name for case in CASES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rules(case: Case):
    report = prove_case(case)
    assert len(report.findings) > 40
    assert not report.failures, "\n".join(map(str, report.failures))
