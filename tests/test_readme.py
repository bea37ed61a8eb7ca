"""The README's code runs as it stands, block after block, as a reader would type it."""

import re
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_every_block_is_run_by_something():
    """python blocks below; the first block, the two commands, by .ci/run in fresh environments."""
    languages = [language for language, _ in BLOCKS]
    assert languages[0] == ""
    assert set(languages[1:]) == {"python"}
    install, test = BLOCKS[0][1].splitlines()
    assert install == "python -m pip install . && fbp train configs/digits_mlp.toml"
    assert test == "python -m pip install '.[test]' && python -m pytest"


def test_the_python_blocks_run_in_order(capsys):
    names: dict = {}
    for language, code in BLOCKS:
        if language == "python":
            exec(compile(code, README.name, "exec"), names)
    # The values the prose promises.
    assert "14" in capsys.readouterr().out  # f = (a + b)(b + c) at -1, 3, 4
    assert names["dparams"]["hidden"].weight.shape == (2, 4)
    assert names["grads"].weight.shape == (2, 3)


def test_a_new_layer_fits_on_a_page():
    section = README.read_text("utf-8").split("## Write a layer")[1].split("\n## ")[0]
    code = re.search(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    assert code is not None
    assert len(code[1].splitlines()) < 40
    assert "fbp.check(" in code[1]
