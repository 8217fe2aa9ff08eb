"""`python -m web` is the `madang` command."""

import sys

from web.cli import main

sys.exit(main())
