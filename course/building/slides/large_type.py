"""Runs before a lecture whose slides are made: figures with type for the back row, and dots for a large screen."""
from gan_scratch import plot

SCALE, DOTS = 1.25, 150


def _large(fig):
    for axis in fig.axes:
        axis.tick_params(labelsize=SCALE * 15)
        legend = axis.get_legend()
        for text in [axis.xaxis.label, axis.yaxis.label, *(legend.get_texts() if legend else [])]:
            text.set_fontsize(SCALE * text.get_fontsize())


def _show_large(fig):
    from io import BytesIO

    from IPython.display import Image, display

    _large(fig)
    file = BytesIO()
    fig.savefig(file, dpi=DOTS, format="png")
    display(Image(file.getvalue(), width=int(50 * fig.get_figwidth())))


plot.show = _show_large
