"""nbgrader's settings for this course. Every nbgrader command and the Formgrader read them when they are run from
course/, or anywhere with the environment variable JUPYTER_CONFIG_PATH naming this folder:

    JUPYTER_CONFIG_PATH=course nbgrader generate_feedback e02_backprop
    JUPYTER_CONFIG_PATH=course jupyter lab              # from the repository's folder; then Nbgrader > Formgrader
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if sys.path[:1] != [str(ROOT)]:
    sys.path.insert(0, str(ROOT))  # for this package and this gan_scratch, wherever nbgrader runs

programs = str(Path(sys.executable).parent)
if programs not in os.environ.get("PATH", "").split(os.pathsep):  # nbgrader runs alembic, also without an activated environment
    os.environ["PATH"] = programs + os.pathsep + os.environ.get("PATH", "")

import course.grading  # noqa: E402
from course.building.regions import CODE_STUB  # noqa: E402
from gan_scratch.classroom.notebooks import UNANSWERED  # noqa: E402

c = get_config()  # noqa: F821
TEMPLATES = Path(course.grading.__file__).with_name("templates")

# Where everything is: what is built from the texts, and what belongs to the class at hand, all below course/class/.
CLASS = Path("course", "class")
(ROOT / CLASS / "log").mkdir(parents=True, exist_ok=True)
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.course_id = "default_course"  # without one PostgreSQL refuses exercises, which belong to none
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
for step in ("submitted", "autograded", "feedback", "solution", "source_with_tests"):
    setattr(c.CourseDirectory, f"{step}_directory", str(CLASS / step))
c.CourseDirectory.db_url = f"sqlite:///{ROOT / CLASS / 'gradebook.db'}"
c.NbGrader.logfile = str(ROOT / CLASS / "log" / "nbgrader.log")

# Releasing: the same stubs as `python -m course build`.
c.ClearSolutions.code_stub = {"python": CODE_STUB}
c.ClearSolutions.text_stub = UNANSWERED

# Grading: cells are mended first; then the student's code runs in a sandboxed kernel, and the tests outside it.
c.Autograde.sanitize_preprocessors = ["course.grading.execute.Mend", *(f"nbgrader.preprocessors.{name}" for name in (
    "ClearOutput", "DeduplicateIds", "OverwriteKernelspec", "OverwriteCells", "CheckCellMetadata"))]
c.Autograde.autograde_preprocessors = ["course.grading.execute.RunInSandbox", *(f"nbgrader.preprocessors.{name}" for name in (
    "IgnorePattern", "LimitOutput", "SaveAutoGrades", "AssignLatePenalties", "CheckCellMetadata"))]
c.OverwriteCells.add_missing_cells = True
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = "."  # a warning on stderr must not cost points
c.Execute.timeout = 120  # of `nbgrader validate`

# Feedback: a page of our own (course/grading/feedback.py), without hidden tests and instructors' cells.
c.GenerateFeedback.exporter_class = "course.grading.feedback.FeedbackExporter"
c.GenerateFeedback.preprocessors = [f"course.grading.{name}" for name in (
    "execute.CutInstructorCells", "execute.CutHiddenTests", "feedback.Grades")]
c.FeedbackExporter.template_name = "feedback"
c.FeedbackExporter.extra_template_basedirs = [str(TEMPLATES)]

# Feedback and Formgrader: formulas without a network; no scripts of a student's in the instructor's browser.
c.HTMLExporter.sanitize_html = True  # of outputs
c.HTMLExporter.filters = {"markdown2html": "course.grading.execute.safe_markdown",
                          "clean_html": "course.grading.execute.safe_html"}
c.FeedbackExporter.filters = {**c.HTMLExporter.filters, "highlight_code": "course.grading.feedback.highlighted",
                              "filter_data_type": "course.grading.feedback.readable"}
