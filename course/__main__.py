"""python -m course new | try | build | import | slides | site | roster | same | collect | grade | grades | return | tour"""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from course.building.units import CourseError


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0 well, 1 what was checked is wrong, 2 wrong use, 130
    interrupted.
    """
    args = parser().parse_args(argv)
    try:
        return args.command(args) or 0
    except (CourseError, OSError) as error:
        print(sentence(error), file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"{error.name} isn't installed; install what the course needs with: pip install -e \".[course]\"", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def sentence(error: Exception) -> str:
    """What is to be said of an error: of a disk's, the file and the reason, without numbers."""
    reason = getattr(error, "strerror", None) or str(error)
    return f"{error.filename}: {reason}" if getattr(error, "filename", None) else reason


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

    p = commands.add_parser("site", help="make the course's pages, which need no network")
    p.add_argument("--with-solutions", action="store_true", help="put the solutions on it, for instructors")
    p.add_argument("--serve", action="store_true", help="show it in a browser when it is made; Ctrl-C ends it")
    p.set_defaults(command=site)

    p = commands.add_parser("roster", help="read who is in the class from what a learning platform exports")
    p.add_argument("files", nargs="+", type=Path, metavar="FILE",
                   help="CSV: Moodle's participants or grading worksheet, Canvas's gradebook, Blackboard's grade "
                        "centre, or one with the columns student, name, email, group")
    p.set_defaults(command=roster)

    p = commands.add_parser("same", help="say that two ids are one person")
    p.add_argument("old", metavar="OLD", help="the id that goes")
    p.add_argument("new", metavar="NEW", help="the id that stays, and gets all that was OLD's")
    p.set_defaults(command=same)

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
    p.add_argument("--task", nargs="+", default=[], metavar="TASK",
                   help="run the tests of these tasks only, as dense_backward; the points of the others stay")
    p.add_argument("--scheduler", default="", metavar="ADDRESS",
                   help="let the workers of this Dask scheduler judge, as tcp://HOST:PORT (default: processes here)")
    p.set_defaults(command=grade)

    p = commands.add_parser("grades", help="write one table over all exercises, and how hard the tasks were")
    p.set_defaults(command=grades)

    p = commands.add_parser("return", help="make the archives and tables that give an exercise back")
    p.add_argument("exercise", metavar="EXERCISE", help="an exercise by name, or the beginning of its name")
    p.add_argument("--unread", action="store_true", help="also give back where answers in words aren't read yet")
    p.add_argument("--column", metavar="NAME",
                   help='the assignment as Canvas\'s gradebook calls it, as in "Exercise 2 (4711)" (default: EXERCISE)')
    p.set_defaults(command=give_back)

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


def site(args) -> int:
    from course.building import website
    return website.make(solutions=args.with_solutions, serve=args.serve)


def roster(args) -> int:
    from course.grading import roster
    return roster.main(args.files)


def same(args) -> int:
    from course.grading import same
    return same.main(args.old, args.new)


def collect(args) -> int:
    from course.grading import collect
    return collect.main(args.sources, args.exercise)


def grade(args) -> int:
    from course.grading import agree, grade
    agree.refuse_two()
    return grade.main(args.exercise, args.jobs, args.csv, args.force, only=args.student, tasks=args.task,
                      scheduler=args.scheduler)


def grades(args) -> int:
    from course.grading import table
    return table.main()


def give_back(args) -> int:
    from course.grading import give_back
    return give_back.main(args.exercise, args.unread, args.column)


def tour(args) -> int:
    from course import tour
    return tour.main()


if __name__ == "__main__":
    sys.exit(main())
