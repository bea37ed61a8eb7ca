"""Pooling with windows that tile, overlap, leave gaps, and reach over the edge."""

from fbp.layers import avg_pool, global_avg_pool, max_pool
from fbp.proof.cases.case import Case, distinct, normal

CASES = (
    Case("max_pool", max_pool((2, 3)), distinct(2, 4, 6, 2)),
    Case("max_pool/rows_left", max_pool((2, 2)), distinct(2, 5, 3, 2)),
    Case("max_pool/tiles_padded", max_pool((3, 2), padding=((1, 2), (0, 1))), distinct(2, 3, 3, 2)),
    Case("max_pool/overlapping", max_pool((3, 2), stride=1), distinct(2, 4, 4, 2)),
    Case(
        "max_pool/resnet_stem",
        max_pool((3, 3), stride=2, padding=((1, 1), (1, 1))),
        distinct(2, 5, 5, 2),
    ),
    Case("max_pool/sequence", max_pool((2,), stride=3), distinct(2, 8, 3)),
    Case("avg_pool", avg_pool((2, 3)), normal(2, 4, 6, 2)),
    Case("avg_pool/same", avg_pool((3, 2), stride=2, padding="SAME"), normal(2, 5, 4, 2)),
    Case("avg_pool/overlapping", avg_pool((3,), stride=1, padding=((1, 2),)), normal(2, 5, 3)),
    Case("global_avg_pool", global_avg_pool(), normal(2, 3, 4, 2)),
)
