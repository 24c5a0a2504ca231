"""Which of a student's cells is which of the released ones: by grade id, else by cell id, else by its text, else by what it defines,
else (written answers) by what stands before it."""
from __future__ import annotations

from collections import defaultdict

from nbformat import NotebookNode

from gan_scratch.classroom.source import (asked, defined, definitions, harmless_part, plain_python, same, squeezed, tree_of,
                                          written)


class Matching:
    """A student's cells, sorted into the released notebook.

    Attributes:
        found: number of a released cell -> the student's cell. own: number of a released cell, or -1 -> the student's own cells
            that follow it. elsewhere: number of an answer cell -> names that it should define -> places of the student's cells
            that define them instead; made_of has the id() of these cells. said: sentences about what was mended. tasks: how
            many of the released tests and answers were recognised by more than their place.
    """

    def __init__(self, cells: list[dict], released: NotebookNode):
        self.released = released.cells
        self.found: dict[int, dict] = {}
        self.own: dict[int, list[dict]] = defaultdict(list)
        self.elsewhere: dict[int, dict[str, str]] = {}
        self.made_of: set[int] = set()
        self.said: list[str] = []
        self._ids = {grade_id(cell): i for i, cell in enumerate(self.released) if grade_id(cell)}
        self._place: dict[int, int] = {}  # id() of a student's cell -> number of the released cell that it is
        self._left_out: set[int] = set()
        self._by_grade_id(cells)
        self._by_cell_id(cells)
        self._by_source(cells)
        self._by_name(cells)
        self._look_elsewhere(cells)
        self._leave_out_stubs(cells)
        self.tasks = len({i for i in (*self.found, *self.elsewhere) if kind(self.released[i]) not in ("text", "given cell")})
        self._by_position(cells)
        self._sort_own(cells)
        self._compare()

    @property
    def most_tasks(self) -> int:
        """How many tests and answers were released."""
        return sum(is_test(cell) or takes_answer(cell) for cell in self.released)

    @property
    def answered(self) -> list[str]:
        """The tasks that the student worked on."""
        return [grade_id(cell) for i, cell in enumerate(self.released)
                if takes_answer(cell) and (i in self.elsewhere or i in self.found and touched(self.found[i], cell))]

    def places_of(self, i: int) -> str:
        """The places of the student's cells that define instead what an answer cell should define."""
        return " and ".join(dict.fromkeys(self.elsewhere[i].values()))

    def _free(self, cells: list[dict]) -> list[dict]:
        return [cell for cell in cells if id(cell) not in self._place and id(cell) not in self._left_out]

    def _take(self, i: int, cell: dict) -> None:
        self.found[i] = cell
        self._place[id(cell)] = i

    def _by_grade_id(self, cells: list[dict]) -> None:
        groups = defaultdict(list)
        for cell in cells:
            if (name := cell["grade_id"]) in self._ids:
                groups[name].append(cell)
        for name, group in groups.items():
            i = self._ids[name]
            best = self._best(group, self.released[i])
            self._take(i, best)
            if len(group) > 1:
                told = (self.released[i].source, best["source"])
                copies = [cell for cell in group if any(same(cell["source"], source) for source in told)]
                self._left_out |= {id(cell) for cell in copies if cell is not best}  # the rest was copied to write something else
                which = "the last one that was worked on counts" if takes_answer(self.released[i]) else "the original was used"
                self.said.append(f"cell {name} was there {len(group)} times; {which}")

    def _best(self, group: list[dict], stub: NotebookNode) -> dict:
        """Of several cells with one grade id: the last that was worked on, and of these rather one that defines what the stub
        defines; for what nobody was meant to write in, the one that was left as it was."""
        if not takes_answer(stub):
            return next((cell for cell in group if same(cell["source"], stub.source)), group[0])
        worked_on = [cell for cell in group if touched(cell, stub)]
        defining = [cell for cell in worked_on if asked(stub.source) & defined(cell["source"])]
        return (defining or worked_on or group)[-1]

    def _by_cell_id(self, cells: list[dict]) -> None:
        ids = {cell.get("id"): i for i, cell in enumerate(self.released) if cell.get("id")}
        for cell in self._free(cells):
            i = ids.get(cell["id"])
            if i is None or i in self.found or cell["grade_id"] not in ("", grade_id(self.released[i])):
                continue
            stub = self.released[i]
            if cell["cell_type"] == stub.cell_type or same(cell["source"], stub.source) or grade_id(stub) and cell["source"].strip():
                self._take(i, cell)

    def _by_source(self, cells: list[dict]) -> None:
        """Cells that nobody was meant to write in: the same text, in the same order where a text comes twice."""
        numbers = defaultdict(list)
        for i, cell in enumerate(self.released):
            if i not in self.found and not takes_answer(cell):
                numbers[squeezed(cell.source)].append(i)
        for cell in self._free(cells):
            if not cell["grade_id"] and (same_text := numbers[squeezed(cell["source"])]):
                self._take(same_text.pop(0), cell)

    def _by_name(self, cells: list[dict]) -> None:
        """An answer cell that lost everything but its function; a cell with the functions of several tasks is the student's own."""
        stubs = {i: asked(cell.source) for i, cell in enumerate(self.released) if takes_code(cell)}
        for i, names in stubs.items():
            if i in self.found:
                continue
            others = set().union(*(more for k, more in stubs.items() if k != i)) - names
            group = [cell for cell in self._free(cells) if names & defined(cell["source"]) and not others & defined(cell["source"])
                     and (cell["cell_type"] == "code" or tree_of(cell["source"]))]
            if group:
                best = self._best(group, self.released[i])
                self._take(i, best)
                self._left_out |= {id(cell) for cell in group if cell is not best and not touched(cell, self.released[i])}

    def _look_elsewhere(self, cells: list[dict]) -> None:
        """Functions that the student wrote in other cells than theirs, which are missing or as they were handed out."""
        for i, stub in enumerate(self.released):
            missing = asked(stub.source) if takes_code(stub) else set()
            if i in self.found:
                missing -= written(self.found[i]["source"], stub.source)
            for cell in cells if missing else ():
                if id(cell) not in self._left_out and self.found.get(i) is not cell:
                    for name in missing & self._written(cell, stub):
                        self.elsewhere.setdefault(i, {})[name] = cell["where"]
                        self.made_of.add(id(cell))

    def _written(self, cell: dict, stub: NotebookNode) -> set[str]:
        """Names that the student gave a meaning in a cell which is code, or will be."""
        place = self.released[self._place[id(cell)]] if id(cell) in self._place else None
        names = written(cell["source"], stub.source)
        if place is None or takes_answer(place):
            is_code = cell["cell_type"] == "code" if place is None else place.cell_type == "code"
            return names if is_code or place is None and tree_of(cell["source"]) else set()
        return names & written(cell["source"], place.source) if cell["cell_type"] == "code" else set()

    def _leave_out_stubs(self, cells: list[dict]) -> None:
        """Untouched copies of an answer cell, which would take the place of the answer."""
        for i, stub in enumerate(self.released):
            if takes_code(stub) and (i in self.elsewhere or i in self.found and touched(self.found[i], stub)):
                for cell in self._free(cells):
                    if asked(stub.source) & defined(cell["source"]) and not touched(cell, stub):
                        self._left_out.add(id(cell))
                        self.said.append(f"{cell['where']} was there once more, as it was handed out, and was left out")

    def _by_position(self, cells: list[dict]) -> None:
        """A written answer that was lost or never touched: the student's own text right after what precedes it when released."""
        for i, stub in enumerate(self.released):
            if not takes_answer(stub) or stub.cell_type != "markdown" or i in self.found and touched(self.found[i], stub):
                continue
            before = self.found.get(i) or next((self.found[j] for j in range(i - 1, -1, -1) if j in self.found), None)
            start = next((k + 1 for k, cell in enumerate(cells) if cell is before), 0)
            following = next((cell for cell in cells[start:] if id(cell) not in self._left_out), None)
            if following is None or id(following) in self._place or not is_prose(following):
                continue
            if following["source"].strip() and not same(following["source"], stub.source):
                how = "stood in a cell of its own" if i in self.found else "was recognised by its position"
                self.said.append(f"answer {grade_id(stub)} {how}")
                self._take(i, following)

    def _sort_own(self, cells: list[dict]) -> None:
        """All other cells follow what they followed; ids that nbgrader doesn't know are taken from them."""
        last, unknown = -1, []
        for cell in cells:
            if id(cell) in self._place:
                last = self._place[id(cell)]
                if self.found[last] is not cell:  # an untouched stub, replaced by the text after it
                    continue
                self._keep_additions(last, cell)
            elif id(cell) not in self._left_out and cell["source"].strip():
                self.own[last].append(self._runnable(cell))
                unknown += [cell["grade_id"][:60]] if cell["grade_id"] and cell["grade_id"] not in self._ids else []
        if unknown:
            self.said.append(f"unknown grade ids were ignored: {', '.join(sorted(set(unknown)))}")

    def _runnable(self, cell: dict) -> dict:
        """A cell of the student's own; it is code, and no experiment, if it defines what a test asks for."""
        if id(cell) not in self.made_of:
            return cell
        if cell["cell_type"] != "code":
            self.said.append(f"{cell['where']} had become a {cell['cell_type']} cell; it was run, because it defines functions")
        return {**cell, "cell_type": "code", "tags": [tag for tag in cell["tags"] if tag != "experiment"]}

    def _keep_additions(self, i: int, cell: dict) -> None:
        """What a student defined or imported in a cell that was to be left alone runs in a cell of its own: before a test, after a
        given cell; of an experiment, which isn't run, only the functions."""
        original = self.released[i]
        if cell["cell_type"] != "code" or takes_answer(original) or not tree_of(plain_python(cell["source"])):
            return
        if not grade_id(original) and id(cell) in self.made_of and "experiment" in original.metadata.get("tags", []):
            self.own[i].append({**cell, "source": harmless_part(cell["source"]), "tags": []})
        elif is_test(original) and written(harmless_part(cell["source"]), original.source):
            self.own[i - 1].append(cell)
        elif kind(original) == "given cell" and written(cell["source"], original.source):
            self.own[i].append(cell)

    def _compare(self) -> None:
        """Say what was changed that should have been left alone, and what is missing."""
        self._say_where()
        stripped = []
        for i, cell in enumerate(self.released):
            name, mine = grade_id(cell), self.found.get(i)
            if name is None:
                continue
            what = kind(cell)
            if mine is None and i not in self.elsewhere:
                then = "no other cell defines it" if takes_code(cell) else "nothing was answered" if takes_answer(cell) else "it was put back"
                self.said.append(f"{what} {name} was deleted; {then}")
            if mine is not None:
                stripped += [name] if not mine["grade_id"] and what != "answer" else []
                self._compare_with(mine, cell)
        if stripped:
            which = ", ".join(stripped) if len(stripped) < 4 else f"{len(stripped)} cells"
            self.said.append(f"nbgrader's metadata was gone from {which}; they were recognised by cell id or by what they define")

    def _say_where(self) -> None:
        """One sentence for all functions that were found in the same place."""
        groups = defaultdict(list)
        for i in self.elsewhere:
            stub, mine = self.released[i], self.found.get(i)
            what = "deleted" if mine is None else "written over" if touched(mine, stub) else "left untouched"
            groups[what, self.places_of(i)].append(grade_id(stub))
        for (what, places), names in groups.items():
            were = f"cells {', '.join(names)} were" if len(names) > 1 else f"cell {names[0]} was"
            self.said.append(f"{were} {what}; the answer was found in {places}")

    def _compare_with(self, mine: dict, cell: NotebookNode) -> None:
        what = f"{kind(cell)} {grade_id(cell)}"
        if mine["cell_type"] != cell.cell_type:
            self.said.append(f"{what} had become a {mine['cell_type']} cell")
        if not takes_answer(cell) and not same(mine["source"], cell.source):
            extra = ", and yours runs as well" if any(mine is own for cells in self.own.values() for own in cells) else ""
            self.said.append(f"{what} was edited; the original was used{extra}")
        points = cell.metadata.nbgrader.get("points")
        if mine["points"] is not None and points is not None and mine["points"] != points:
            self.said.append(f"{what} claimed {str(mine['points'])[:20]} points; it has {points:g}")


def grade_id(cell: NotebookNode) -> str | None:
    """nbgrader's name of a released cell."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def kind(cell: NotebookNode) -> str:
    """What a released cell is called."""
    if takes_answer(cell):
        return "answer" if cell.cell_type == "markdown" else "cell"
    return "test cell" if is_test(cell) else "given cell" if grade_id(cell) else "text"


def takes_answer(cell: NotebookNode) -> bool:
    """Whether a released cell is for the student to write in."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def takes_code(cell: NotebookNode) -> bool:
    """Whether a released cell is for the student to write a function in."""
    return takes_answer(cell) and cell.cell_type == "code"


def is_test(cell: NotebookNode) -> bool:
    """Whether a released cell gives points by running."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade")) and not takes_answer(cell)


def touched(cell: dict, stub: NotebookNode) -> bool:
    """Whether a student did any work in what was released as `stub`."""
    source = cell["source"]
    if not source.strip() or same(source, stub.source):
        return False
    if stub.cell_type != "code" or written(source, stub.source):
        return True
    tree = tree_of(source)
    return not definitions(source) and (tree is None or bool(tree.body))


def is_prose(cell: dict) -> bool:
    """Whether a cell can be a written answer, also one that has become code or raw."""
    return cell["cell_type"] != "code" or tree_of(cell["source"]) is None and not definitions(cell["source"])
