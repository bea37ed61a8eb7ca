"""The picture of several seeds."""

import numpy as np
from matplotlib.image import imread

from fbp.lab.seeds import draw_seeds


def test_a_panel_a_run_with_its_reference(tmp_path):
    runs = {f"run {i}": np.random.default_rng(i).normal(size=(3, 20)) for i in range(5)}
    references = {"run 0": 2.0, "run 1": None}

    def picture(references):
        draw_seeds(
            tmp_path / "curves.png",
            runs,
            ylabel="accuracy",
            references=references,
            reference_label="reference",
        )
        return imread(tmp_path / "curves.png")

    with_reference, without = picture(references), picture({})
    changed = np.argwhere(np.any(with_reference != without, axis=-1))
    assert len(changed) > 100
    rows, columns = np.array(with_reference.shape[:2]) / (2, 4)
    assert np.all(changed < (rows, 1.1 * columns))  # a line in the first of 2 x 4 panels
