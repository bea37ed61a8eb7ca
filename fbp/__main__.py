"""`python -m fbp`: the command line."""

import sys

from fbp.cli.main import main

sys.exit(main())
