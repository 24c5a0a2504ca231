"""Run a notebook from beginning to end in plain Python, with warnings as errors; the last line says how many figures it showed.

    python run_notebook.py NOTEBOOK

As in Jupyter, a cell tagged raises-exception doesn't stop the rest: an experiment in a notebook that isn't solved yet. It may say
that something isn't written (NotImplementedError), or miss what an experiment before it would have made (NameError); in a released
exercise it may fail in any way, because a planted bug may be in the functions above.
"""
import sys
import warnings
from pathlib import Path

import nbformat

from gan_scratch import plot

warnings.simplefilter("error")
path, shown, names = sys.argv[1], [], {"__name__": "__main__"}
plot.show = lambda figure: shown.append(figure.canvas.draw())
harmless = Exception if "exercises" in Path(path).parts else (NotImplementedError, NameError)
for number, cell in enumerate(nbformat.read(path, as_version=4).cells, 1):
    if cell.cell_type != "code":
        continue
    try:
        exec(compile(cell.source, f"cell {number}", "exec"), names)
    except harmless:
        if "raises-exception" not in cell.metadata.get("tags", []):
            raise
print(len(shown))
