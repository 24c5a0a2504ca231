"""Networks that a function updates: did they move as they should, and if not, how did they move?"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gan_scratch.classroom.call import plain
from gan_scratch.classroom.diagnose import near
from gan_scratch.optim import SGD, Optimizer


def find(calls: list, reasons: bool = True) -> list[tuple[str, str]]:
    """(network, sentence) for each network that isn't what it should be after the calls (of faults.Call). Without `reasons` only facts."""
    spec = calls[0].spec
    wrong = {
        name: [call for call in calls if compare(name, call.got_after(name), call.after[name], call.before[name])]
        for name in spec.updates
    }
    if not any(wrong.values()):
        return []
    names = [name for name in spec.updates if wrong[name]]
    for sentence, update in [*spec.missteps.items(), *general(spec.reference, calls[0].args)]:
        if reasons and all(leads_to(update, call) for call in calls):
            return [(name, sentence) for name in names]
    return [(name, movement(name, calls) or compare_first(name, wrong[name])) for name in names]


def general(reference: Callable, args: tuple) -> Iterator[tuple[str, Callable]]:
    """Wrong updates that can be made with any step, or, where no optimizer is given, with any backward pass."""

    def twice(*args):
        reference(*args)
        reference(*args)

    def by_hand(*args):
        reference(*(SGD(a.params, a.lr) if isinstance(a, Optimizer) else a for a in args))

    def by_hand_alone(*args):
        reference(*(Keeping(a.params, a.lr) if isinstance(a, Optimizer) else a for a in args))

    def afresh(*args):
        for optimizer in args:
            if isinstance(optimizer, Optimizer):
                optimizer.restart()
        reference(*args)

    if not any(isinstance(a, Optimizer) for a in args):
        yield "every gradient is added twice: is backward called twice for each layer?", twice
        return
    yield "the step is taken twice", twice
    yield "the optimizer that is given isn't used: a new one forgets the averages of earlier steps", afresh
    yield (
        "the parameters are moved by hand, value −= lr·grad; the optimizer's step() may be another rule, such as Adam's",
        by_hand,
    )
    yield (
        "the parameters are moved by hand, and their gradients stay, which the next step would meet again; "
        "the optimizer's step() moves the ones and clears the others",
        by_hand_alone,
    )
    for lr in (1.0, 0.1, 0.05, 0.01, 0.005, 0.001, 1e-4):
        for step in (SGD, Keeping):
            yield (
                f"the parameters are moved by hand or by a new SGD, with a learning rate of {lr:g}; the optimizer that "
                "is given must make the step",
                lambda *args, lr=lr, step=step: reference(
                    *(step(a.params, lr) if isinstance(a, Optimizer) else a for a in args)),
            )


class Keeping(SGD):
    """value −= lr·grad, written by hand: nothing clears the gradients."""

    def step(self) -> None:
        kept = [p.grad.copy() for p in self.params]
        super().step()
        for p, grad in zip(self.params, kept):
            p.grad[...] = grad


def leads_to(update: Callable, call) -> bool:
    """Whether this update, made in place of the right one, gives the student's networks."""
    working = copy.deepcopy(call.args)
    try:
        update(*working)
    except Exception:
        return False
    after = call.spec.named(working)
    return not any(
        compare("", call.got_after(name), plain(after[name]), call.before[name]) for name in call.spec.updates
    )


def compare_first(name: str, calls: list) -> str:
    call = calls[0]
    return compare(name, call.got_after(name), call.after[name], call.before[name])


def movement(name: str, calls: list) -> str:
    """One sentence for all parameters together: none moved, or all moved by the same factor too far, in every call."""
    changes = []  # (the student's change, the right one) of every parameter in every call
    for call in calls:
        got, want, before = call.got_after(name), call.after[name], call.before[name]
        if not same_arrays(got, want):
            return ""
        changes += [
            (np.float64(got[key]) - before[key], np.float64(a) - before[key])
            for key, a in want.items()
            if not key.endswith(".grad")
        ]
    moving = [(change, right) for change, right in changes if right.any()]
    if not moving:
        return ""
    if not any(change.any() for change, _ in moving):
        return f"{name} doesn't change: its gradients must be there when its optimizer's step() is called, and step() must be called"
    factor = float(
        sum((change * right).sum() for change, right in moving) / sum((right * right).sum() for _, right in moving)
    )
    if not factor or abs(factor - 1) < 1e-2 or not all(near(change, factor * right, 1e-2) for change, right in moving):
        return ""
    if abs(factor + 1) < 1e-2:
        return f"{name} moves in the opposite direction: a sign"
    return f"{name} moves in the {'right' if factor > 0 else 'opposite'} direction, but {abs(factor):.3g} times as far as it should"


def same_arrays(got: Any, want: dict) -> bool:
    return (
        isinstance(got, dict)
        and got.keys() == want.keys()
        and all(
            isinstance(got[key], np.ndarray) and got[key].shape == a.shape and got[key].dtype.kind == "f"
            for key, a in want.items()
        )
    )


def compare(name: str, got: Any, want: dict, before: dict) -> str:
    """What is wrong with a network after a call: its parameters, its running statistics, what is left in its gradients; "" if nothing."""
    if not isinstance(got, dict) or got.keys() != want.keys():
        return f"{name} is no longer the network that it was"
    for key, a in want.items():
        if not isinstance(got[key], np.ndarray) or got[key].shape != a.shape or got[key].dtype.kind != "f":
            return f"{part(name, key)} is no longer an array of shape {a.shape}"  # an empty one would be equal to everything
        change, right = got[key].astype(np.float64) - before[key], a.astype(np.float64) - before[key]
        if near(change, right, 1e-3) or np.abs(change - right).max(initial=0) < 1e-6 * np.abs(a).max(initial=0):
            continue
        return (gradient_fault if key.endswith(".grad") else parameter_fault)(part(name, key), change, right, a)
    return ""


def part(name: str, key: str) -> str:
    """'D: the gradient of W of its layer 0' for '0.W.grad'."""
    return f"{name}: {'the gradient of ' if key.endswith('.grad') else ''}{key.removesuffix('.grad').split('.')[-1]} of its layer {key.split('.')[0]}"


def gradient_fault(what: str, change: np.ndarray, right: np.ndarray, want: np.ndarray) -> str:
    if not want.any():
        return f"{what} should be 0 after the call, as the optimizer's step() leaves it, and isn't"
    if not change.any():
        return f"{what} is 0 after the call; it should be there"
    factor = float((change * right).sum() / max((right * right).sum(), 1e-300))
    often = f": it is {factor:.3g} times what it should be" if near(change, factor * right, 1e-2) else ""
    return f"{what} isn't what it should be after the call{often}"


def parameter_fault(what: str, change: np.ndarray, right: np.ndarray, want: np.ndarray) -> str:
    if not change.any():
        return f"{what} doesn't change, though it should"
    return (
        f"{what} changes though it should stay as it is" if not right.any() else f"{what} changes, but to wrong numbers"
    )


def disturbed(name: str, before: dict, after: Any) -> list[str]:
    """A sentence about a network that should have been left alone."""
    if not isinstance(after, dict) or after.keys() != before.keys():
        return [f"{name} is no longer the network that it was"]
    moved = [key for key in before if not np.array_equal(before[key], after[key], equal_nan=True)]
    if any(not key.endswith(".grad") for key in moved):
        return [f"it changes the parameters of {name}, which this step should leave alone"]
    if moved and not any(after[key].any() for key in moved):
        return [f"it clears the gradients of {name}, which aren't this step's business"]
    return (
        [
            f"it leaves gradients behind in {name}, which the next step would add to its own; {name} isn't trained here"
        ]
        if moved
        else []
    )
