"""`fbp data list`: the data sets that are known, and where they are. `fbp data fetch NAME`."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from fbp.cli.output import print_table
from fbp.cli.parser import Parser
from fbp.data.fetch import fetch
from fbp.data.known import KNOWN, KnownSet
from fbp.data.location import cache_folder, data_folders


def run(argv: list[str]) -> int:
    """The command's exit code. Raises DataError where a data set cannot be had."""
    parser = Parser(prog="fbp data", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="{list,fetch}")
    commands.add_parser("list", help="the known data sets, and where each is found")
    get = commands.add_parser("fetch", help="download a data set into the user's cache folder")
    get.add_argument("name", choices=tuple(KNOWN), metavar="NAME", help=", ".join(KNOWN))
    arguments = parser.parse_args(argv)
    if arguments.command == "list":
        print_table(_listing())
    else:
        print(fetch(KNOWN[arguments.name], cache_folder()))
    return 0


def _listing() -> Table:
    table = Table("name", "what it is", "where", box=None, pad_edge=False)
    table.add_row("digits", "1797 handwritten digits, 8x8 (UCI)", "comes with scikit-learn")
    for known in KNOWN.values():
        found = _found(known)
        where = f"not here: fbp data fetch {known.name}" if found is None else str(found)
        table.add_row(known.name, known.about, where)
    return table


def _found(known: KnownSet) -> Path | None:
    """The first folder that has every file of the set, as it comes or unzipped."""
    for folder in data_folders():
        paths = [folder / known.name / file.name for file in known.files]
        if all(p.exists() or (p.suffix == ".gz" and p.with_suffix("").exists()) for p in paths):
            return folder / known.name
    return None
