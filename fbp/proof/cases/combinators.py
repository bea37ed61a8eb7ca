"""The chain rule: every combinator around layers that already have rows of their own."""

from fbp.compose import in_dtype, parallel, remat, repeat, residual, serial
from fbp.layers import dense, dropout, sigmoid, softmax, tanh
from fbp.proof.cases.case import Case, normal

x = normal(4, 3)
block = serial(inner=dense(5), act=tanh(), drop=dropout(0.3), outer=dense(3))

CASES = (
    Case("serial/positional", serial(dense(5), tanh(), dense(2)), x, holomorphic=True),
    Case("serial/named", serial(hidden=dense(5), act=sigmoid(), head=softmax()), x),
    Case("parallel/sum", parallel(dense(2), serial(dense(4), tanh(), dense(2))), x),
    Case("parallel/concat", parallel(dense(2), tanh(), combine="concat"), normal(2, 3, 4)),
    Case("parallel/named", parallel(left=dense(2), right=dense(3), combine="concat"), x),
    Case("residual", residual(serial(dense(5), tanh(), dense(3))), x),
    Case("residual/dropout", residual(block), x),
    Case("repeat", repeat(serial(dense(3), tanh()), 3), x),
    Case("repeat/once", repeat(dense(3), 1), x),
    Case("repeat/dropout", repeat(residual(block), 2), x),
    Case("repeat/inputs", repeat(residual(block), 3, save="inputs"), x),
    Case("repeat/every_k", repeat(residual(block), 4, save="every_k", every=2), x),
    Case("remat", remat(serial(dense(5), tanh(), dense(2))), x),
    Case("remat/dropout", remat(block), x),
    Case("in_dtype", in_dtype(serial(dense(5), tanh()), "float64", out="float64"), x),
    Case(
        "nested",
        serial(
            stem=dense(3),
            body=repeat(remat(residual(serial(up=dense(4), act=tanh(), down=dense(3)))), 2),
            heads=parallel(a=dense(2), b=residual(softmax()), combine="concat"),
        ),
        x,
    ),
)
