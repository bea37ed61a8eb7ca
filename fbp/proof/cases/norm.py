"""Normalisation, far from mean 0 and variance 1, on ranks 2 to 5."""

from fbp.layers import batch_norm, group_norm, layer_norm, rms_norm
from fbp.proof.cases.case import Case, normal


def far(*shape):
    return normal(*shape, scale=5.0, shift=3.0)


CASES = (
    Case("layer_norm/rank2", layer_norm(), far(7, 4)),
    Case("layer_norm/rank4", layer_norm(), far(2, 3, 2, 5)),
    Case("rms_norm/rank2", rms_norm(), far(7, 4)),
    Case("rms_norm/rank3", rms_norm(), far(3, 2, 5)),
    Case("group_norm/rank2", group_norm(2), far(5, 6)),
    Case("group_norm/rank4", group_norm(3), far(2, 3, 2, 6)),
    Case("group_norm/rank5", group_norm(1), far(2, 2, 2, 2, 3)),
    Case("batch_norm/rank2", batch_norm(), far(7, 4)),
    Case("batch_norm/rank3", batch_norm(), far(4, 3, 2)),
    Case("batch_norm/rank4", batch_norm(), far(3, 2, 4, 2)),
    Case("batch_norm/rank5", batch_norm(), far(2, 2, 2, 3, 2)),
    Case("batch_norm/evaluation", batch_norm(), far(7, 4), train=False),
)
