"""`fbp sample RUN`: text from a trained language model, on standard output."""

from __future__ import annotations

from pathlib import Path

import jax

from fbp.cli.parser import Parser
from fbp.config.schema import Text
from fbp.errors import FbpError
from fbp.sample import sample
from fbp.train.run_folder import load_run


def run(argv: list[str]) -> int:
    """The command's exit code."""
    parser = Parser(prog="fbp sample", description=__doc__)
    parser.add_argument("run", metavar="RUN", type=Path, help="the folder of a training run")
    parser.add_argument("--tokens", type=int, default=500, help="characters to write [500]")
    parser.add_argument(
        "--temperature", type=float, default=0.8, help="below 1 safer, 0 the likeliest [0.8]"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draws [0]")
    parser.add_argument("--prompt", default="\n", help="the text to go on from [a line's end]")
    arguments = parser.parse_args(argv)
    trained = load_run(arguments.run)
    if not isinstance(trained.config.data, Text):
        raise FbpError(f"{arguments.run} is no language model: fbp predict {arguments.run} FILE")
    characters = trained.dataset.classes
    with jax.enable_x64(trained.config.train.param_dtype == "float64"):
        ids = sample(
            trained.net,
            trained.params,
            trained.state,
            encode(arguments.prompt, characters),
            length=trained.config.data.length,
            tokens=arguments.tokens,
            temperature=arguments.temperature,
            key=jax.random.key(arguments.seed),
        )
    print(arguments.prompt + "".join(characters[i] for i in ids))
    return 0


def encode(text: str, characters: tuple[str, ...]) -> list[int]:
    """The id of every character. Raises FbpError for one the model does not know."""
    ids = {character: i for i, character in enumerate(characters)}
    unknown = next((character for character in text if character not in ids), None)
    if unknown is not None:
        raise FbpError(f"--prompt: the model's text has no {unknown!r}, so it knows no such id")
    return [ids[character] for character in text]
