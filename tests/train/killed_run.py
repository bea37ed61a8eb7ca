"""Trains CONFIG into FOLDER until it dies: killed_run.py CONFIG FOLDER MOMENT.

MOMENT is "step N", or a regular expression for an event that Python's audit hooks report, such as
"os.rename .*checkpoints/38": the process kills itself, as kill -9 does, just before it happens.
"""

import os
import re
import signal
import sys
from pathlib import Path

from fbp.config import read_config
from fbp.train.progress import SILENT
from fbp.train.run import train


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def main(config: str, folder: str, moment: str) -> None:
    def hook(event, arguments):
        if arguments and re.search(moment, f"{event} {arguments[0]}"):
            die()

    def dispatched(position):
        if moment.startswith("step ") and position.step >= int(moment.split()[1]):
            die()

    sys.addaudithook(hook)
    train(read_config(config), Path(folder), display=SILENT._replace(dispatched=dispatched))


main(*sys.argv[1:])
