import jax
import jax.numpy as jnp
import pytest

import fbp
from fbp.compose.parts import spec
from fbp.layers import batch_norm, dense, dropout, embedding, tanh
from fbp.layers.dense import DenseParams
from fbp.losses import softmax_cross_entropy
from tests.transform.planted import JVP, VJP, planted

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (4, 3))


def close(found, expected):
    jax.tree.map(
        lambda f, e: None if jnp.allclose(f, e, 1e-5, 1e-6) else pytest.fail(f"{f} != {e}"),
        found,
        expected,
    )


def test_a_second_derivative_runs_the_rules_for_y_too():
    """|y|^2 / 2 has the Hessian J^T J: one factor from the rule run first, one from y's own."""
    layer = planted(dense(2, use_bias=False))
    params, _ = layer.init(KEY, spec(X[0]))
    t = jnp.array([1.0, -2.0, 0.5])
    f = fbp.as_jax(layer)

    def loss(x):
        return jnp.sum(f(params, x) ** 2) / 2

    def slope(x):
        return jax.jvp(loss, (x,), (t,))[1]

    @jax.jit
    def products(x):
        return (
            jax.jvp(jax.grad(loss), (x,), (t,))[1],
            jax.grad(slope)(x),
            jax.grad(lambda x: t @ jax.grad(loss)(x))(x),
            jax.jvp(slope, (x,), (t,))[1],
        )

    jtj = params.weight @ params.weight.T
    # The transpose of the vjp is the jvp, so reverse over reverse runs both rules as well.
    once = VJP * JVP * jtj @ t
    close(products(X[0]), (once, once, once, JVP * JVP * t @ jtj @ t))


def test_the_jaxpr_names_the_rule_that_runs():
    layer = dense(2)
    params, _ = layer.init(KEY, spec(X))
    f = fbp.as_jax(layer)
    backward = str(jax.make_jaxpr(jax.grad(lambda p: f(p, X).sum()))(params))
    forward = str(jax.make_jaxpr(lambda p: jax.jvp(lambda p: f(p, X), (p,), (p,)))(params))
    assert "rule=vjp of dense(2)" in backward
    assert "rule=jvp of dense(2)" not in backward
    assert "rule=jvp of dense(2)" in forward


def test_a_gradient_nobody_asks_for_is_not_computed():
    layer = dense(32)
    x = jnp.ones((64, 48))
    params, _ = layer.init(KEY, spec(x))
    hand = fbp.as_jax(layer)

    def flops(gradient):
        return jax.jit(gradient).lower(params, x).compile().cost_analysis()["flops"]

    def loss(params, x):
        return jnp.sum(hand(params, x) ** 2)

    jaxpr = jax.make_jaxpr(jax.grad(loss))(params, x)
    (pulled,) = (eqn for eqn in jaxpr.eqns if eqn.primitive.name == "linear_map")
    assert len(pulled.outvars) == len(params)
    product = 2 * 64 * 48 * 32
    of_params, of_both = flops(jax.grad(loss)), flops(jax.grad(loss, (0, 1)))
    unused = flops(lambda params, x: jax.vjp(loss, params, x)[1](1.0)[0])
    assert 2 * product < of_params == unused < 2.2 * product
    assert of_both > 3 * product


def test_parameters_that_all_examples_share_cost_one_product():
    layer = dense(32)
    x = jnp.ones((64, 48))
    params, _ = layer.init(KEY, spec(x[0]))
    f = fbp.as_jax(layer)

    def loss(params):
        return jnp.sum(jax.vmap(f, (None, 0))(params, x) ** 2)

    compiled = jax.jit(jax.grad(loss)).lower(params).compile()
    assert compiled.cost_analysis()["flops"] < 2.2 * (2 * 64 * 48 * 32)
    assert compiled.memory_analysis().temp_size_in_bytes < 64 * 48 * 32


def test_state_comes_back_without_a_derivative():
    layer = batch_norm()
    params, state = layer.init(KEY, spec(X))
    f = fbp.as_jax_with_state(layer)
    ctx = fbp.Context()

    def loss(params, state):
        y, state = f(params, state, X, ctx)
        # Were the statistics differentiated, this sum would add to the gradient.
        return jnp.sum(y**3) + sum(map(jnp.sum, jax.tree.leaves(state))), state

    grads, new = jax.jit(jax.grad(loss, has_aux=True))(params, state)
    close(new, layer.forward(params, state, X, ctx)[1])
    close(grads, jax.grad(lambda p: jnp.sum(layer.forward(p, state, X, ctx)[0] ** 3))(params))


def test_state_is_threaded_through_a_scan():
    layer = batch_norm()
    params, state = layer.init(KEY, spec(X))
    f = fbp.as_jax_with_state(layer)

    def loss(params):
        def step(state, x):
            y, state = f(params, state, x, fbp.Context())
            return state, jnp.sum(y**3)

        state_out, losses = jax.lax.scan(step, state, jnp.stack([X, 2 * X]))
        return jnp.sum(losses), state_out

    grads, new = jax.jit(jax.grad(loss, has_aux=True))(params)
    assert spec(new) == spec(state)
    close(
        grads,
        jax.tree.map(
            lambda a: 2 * a,
            jax.grad(lambda p: jnp.sum(layer.forward(p, state, X, fbp.Context())[0] ** 3))(params),
        ),
    )


def objective_and_batch():
    net = fbp.serial(dense(5), tanh(), dense(2))
    objective = fbp.supervised(net, softmax_cross_entropy())
    batch = fbp.Batch(X, jnp.array([0, 1, 1, 0]))
    return objective, objective.init(KEY, spec(X)), batch


def test_an_objective_is_a_function_of_params_and_batch():
    objective, (params, state), batch = objective_and_batch()

    wrong, right = fbp.as_jax(planted(objective)), fbp.as_jax(objective)

    def plain(params, batch):
        return objective.forward(params, state, batch, fbp.Context())[0]

    @jax.jit
    def derivatives(params, batch):
        def tangent(f):
            return jax.jvp(lambda p: f(p, batch), (params,), (params,))[1]

        found = jax.grad(wrong)(params, batch), tangent(wrong), jax.hessian(right)(params, batch)
        first = jax.grad(plain)(params, batch)
        twice = jax.tree.map(lambda a: VJP * a, first)
        return found, (twice, JVP * tangent(plain), jax.hessian(plain)(params, batch))

    close(*derivatives(params, batch))


def test_an_objective_returns_state_and_metrics_beside_the_loss():
    objective, (params, state), batch = objective_and_batch()
    f = jax.jit(jax.value_and_grad(fbp.as_jax_with_state(objective), has_aux=True))
    (loss, aux), _ = f(params, state, batch, fbp.Context())
    expected, expected_aux, _ = objective.forward(params, state, batch, fbp.Context())
    close((loss, aux), (expected, expected_aux))


def test_what_has_no_derivative_is_refused_not_zero():
    objective, (params, _), batch = objective_and_batch()
    f = fbp.as_jax(objective)
    with pytest.raises(fbp.LayerError, match="no derivative in state, context or batch"):
        jax.grad(lambda x: f(params, batch._replace(inputs=x)))(X)
    layer = batch_norm()
    params, state = layer.init(KEY, spec(X))
    with pytest.raises(fbp.LayerError, match="batch_norm"):
        jax.grad(lambda s: jnp.sum(fbp.as_jax(layer, s)(params, X)))(state)


def test_integer_inputs_have_no_tangent():
    layer = embedding(5, 3)
    ids = jnp.array([[0, 2], [2, 4]])
    params, _ = layer.init(KEY, spec(ids))
    y, pull = jax.vjp(jax.jit(fbp.as_jax(layer)), params, ids)
    dparams, dids = pull(jnp.ones_like(y))
    assert dids.dtype == jax.dtypes.float0
    close(dparams[0][:, 0], jnp.array([1.0, 0, 2, 0, 1]))
    _, ty = jax.jvp(fbp.as_jax(layer), (params, ids), (params, dids))
    close(ty, y)


def test_a_key_traced_by_an_outer_jit_redraws_the_same_mask():
    net = fbp.remat(dropout(0.5))

    @jax.jit
    def masks(key):
        f = jax.jit(fbp.as_jax(net, ctx=fbp.Context(key)))
        return f((), jnp.ones(64)), jax.grad(lambda x: f((), x).sum())(jnp.ones(64))

    value, gradient = masks(KEY)
    assert 0 < jnp.sum(value == 0) < 64
    close(gradient, value)


def test_gradients_keep_the_dtypes_of_mixed_precision():
    net = fbp.in_dtype(dense(2), "bfloat16")
    params, state = net.init(KEY, spec(X))
    dparams, dx = jax.grad(lambda p, x: fbp.as_jax(net, state)(p, x).sum(), (0, 1))(params, X)
    assert spec((dparams, dx)) == spec((params, X))


def exported_with_gradient():
    f = fbp.as_jax(planted(dense(2, use_bias=False)))
    weight = jax.random.normal(KEY, (3, 2))
    on_arrays = jax.jit(lambda weight, x: f(DenseParams(weight, None), x))
    return jax.export.export(on_arrays)(weight, X), weight


def close_to_planted_dense(f, weight):
    y, pull = jax.vjp(f, weight, X)
    close(y, X @ weight)
    close(pull(jnp.ones((4, 2)))[1], VJP * jnp.ones((4, 2)) @ weight.T)


def test_an_exported_function_runs_the_rule():
    exported, weight = exported_with_gradient()
    close_to_planted_dense(exported.call, weight)


def test_an_exported_function_survives_as_bytes():
    pytest.importorskip("flatbuffers", reason="jax.export needs it to write an export to bytes")
    exported, weight = exported_with_gradient()
    close_to_planted_dense(jax.export.deserialize(exported.serialize(vjp_order=1)).call, weight)


@pytest.mark.parametrize("missing", ["jvp", "vjp"])
def test_a_missing_rule_names_its_layer_and_the_other_still_works(missing):
    net = fbp.serial(first=dense(2), second=tanh()._replace(**{missing: None}))
    params, _ = net.init(KEY, spec(X))

    def loss(params):
        return jnp.sum(fbp.as_jax(net)(params, X))

    runs = {
        "jvp": lambda: jax.jvp(loss, (params,), (params,)),
        "vjp": lambda: jax.grad(loss)(params),
    }
    with pytest.raises(fbp.LayerError, match=f"layer second: tanh has no {missing}"):
        runs.pop(missing)()
    _, other = runs.popitem()
    assert all(jnp.any(leaf) for leaf in jax.tree.leaves(other()))


def test_a_rule_of_another_shape_names_its_layer():
    layer = dense(2)
    params, _ = layer.init(KEY, spec(X))
    wrong_vjp = layer._replace(vjp=lambda p, res, dy: (layer.vjp(p, res, dy)[0], dy))
    wrong_jvp = layer._replace(jvp=lambda p, res, tp, tx: tx)
    with pytest.raises(fbp.LayerError, match=r"vjp of dense\(2\): expected .*\[4, 3\], got .*4, 2"):
        jax.grad(lambda x: fbp.as_jax(wrong_vjp)(params, x).sum())(X)
    with pytest.raises(fbp.LayerError, match=r"jvp of dense\(2\): expected .*\[4, 2\], got .*4, 3"):
        jax.jvp(lambda x: fbp.as_jax(wrong_jvp)(params, x), (X,), (X,))


def test_a_layer_that_keeps_state_asks_for_it():
    params, _ = batch_norm().init(KEY, spec(X))
    with pytest.raises(fbp.LayerError, match=r"batch_norm.*keeps state: pass as_jax the state"):
        fbp.as_jax(batch_norm())(params, X)
