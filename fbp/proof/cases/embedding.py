"""Tables: duplicate ids, padding, sequences shorter than the table, a table used at both ends."""

from fbp.compose import serial, tied_embedding
from fbp.layers import dense, embedding, positions, tanh
from fbp.proof.cases.case import Case, integers, normal

CASES = (
    # 12 draws from 5 rows: some ids come twice, some rows never.
    Case("embedding", embedding(5, 3), integers(3, 4, high=5)),
    Case("embedding/padding", embedding(4, 3, padding_id=0), integers(2, 5, high=4)),
    Case("positions", positions(6), normal(2, 4, 3)),
    Case("positions/full", positions(4), normal(2, 3, 4, 2)),
    Case(
        "tied_embedding",
        tied_embedding(5, 3, serial(dense(4), tanh(), dense(3))),
        integers(2, 4, high=5),
    ),
)
