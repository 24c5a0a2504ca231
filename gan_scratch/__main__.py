"""python -m gan_scratch: the same as gan-scratch."""
import sys

from gan_scratch.cli import main

sys.exit(main())
