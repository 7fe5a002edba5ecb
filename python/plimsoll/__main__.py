"""`python -m plimsoll`: the program."""

import subprocess
import sys

from plimsoll import binary

sys.exit(subprocess.call([binary(), *sys.argv[1:]]))
