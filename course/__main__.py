"""python -m course new | try | build | import | slides | collect | grade | tour"""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from course.building.units import CourseError


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0 well, 1 what was checked is wrong, 2 wrong use, 130 interrupted."""
    args = parser().parse_args(argv)
    try:
        return args.command(args) or 0
    except (CourseError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"{error.name} isn't installed; install what the course needs with: pip install -e \".[course]\"", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The options of all commands."""
    top = argparse.ArgumentParser(prog="python -m course",
                                  description="Make the course's notebooks from its texts, and grade exercises.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    p = commands.add_parser("new", help="write the files of a new lecture or exercise, with an example inside")
    p.add_argument("name", metavar="NAME", help="04 for a lecture, e04 for an exercise")
    p.add_argument("title", metavar="TITLE", help='its title, as in "Batch norm, Adam"')
    p.set_defaults(command=new)

    p = commands.add_parser("try", help="check one unit: its text, its tests, and that its notebooks run alone")
    p.add_argument("name", metavar="NAME", help="a unit by name, beginning of its name, or one of its files")
    p.set_defaults(command=trial)

    p = commands.add_parser("build", help="make the notebooks from the texts")
    p.add_argument("names", nargs="*", metavar="NAME",
                   help="a unit by name, beginning of its name, or one of its files (default: all)")
    p.add_argument("--check", action="store_true",
                   help="write nothing; say which notebooks aren't what their texts give, and exit with 1")
    p.add_argument("--force", action="store_true", help="overwrite notebooks that were edited by hand")
    p.set_defaults(command=build)

    p = commands.add_parser("import", help="bring the edits made in a notebook back into its text")
    p.add_argument("file", type=Path, metavar="FILE", help="the notebook of a lecture or a solution")
    p.set_defaults(command=bring_back)

    p = commands.add_parser("slides", help="run a lecture and write its slides, which need no network")
    p.add_argument("lecture", metavar="LECTURE", help="a lecture by name, beginning of its name, or one of its files")
    p.set_defaults(command=slides)

    p = commands.add_parser("collect", help="put what a learning platform exports where the grader looks")
    p.add_argument("sources", nargs="+", type=Path, metavar="FILE_OR_FOLDER",
                   help="a ZIP archive from Moodle, Canvas or Blackboard, the folder unpacked from it, or notebooks")
    p.add_argument("--exercise", metavar="EXERCISE", help="collect this one only (default: all)")
    p.set_defaults(command=collect)

    p = commands.add_parser("grade", help="grade the submissions of an exercise")
    p.add_argument("exercise", metavar="EXERCISE", help="an exercise by name, beginning of its name, or one of its files")
    p.add_argument("--jobs", type=positive, default=2, metavar="N", help="submissions graded at the same time (default: 2)")
    p.add_argument("--csv", type=Path, metavar="FILE", help="write the table there instead of course/class/EXERCISE.csv")
    p.add_argument("--force", action="store_true", help="grade all, not only what changed")
    p.add_argument("--student", nargs="+", default=[], metavar="STUDENT",
                   help="grade these only, by the names of their folders")
    p.set_defaults(command=grade)

    p = commands.add_parser("tour", help="see all of it at work in two or three minutes")
    p.set_defaults(command=tour)
    return top


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


# Imported where they are used: building needs nothing of what grading needs.

def new(args) -> int:
    from course.building import new
    return new.new(args.name, args.title)


def trial(args) -> int:
    from course.building import trial
    return trial.trial(args.name)


def build(args) -> int:
    from course.building import build
    return build.check(args.names) if args.check else build.build(args.names, force=args.force)


def bring_back(args) -> int:
    from course.building import bring_back
    return bring_back.bring_back(args.file)


def slides(args) -> int:
    from course.building import slides
    return slides.make(args.lecture)


def collect(args) -> int:
    from course.grading import collect
    return collect.main(args.sources, args.exercise)


def grade(args) -> int:
    from course.grading import grade
    return grade.main(args.exercise, args.jobs, args.csv, args.force, only=args.student)


def tour(args) -> int:
    from course import tour
    return tour.main()


if __name__ == "__main__":
    sys.exit(main())
