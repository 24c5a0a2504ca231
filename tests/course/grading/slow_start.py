"""A module for workers, during whose import Ctrl-C is pressed."""
import os
import signal

os.kill(os.getpid(), signal.SIGINT)


def begin(context: str) -> None:
    global greeting
    greeting = context


def greet(name: str) -> str:
    return f"{greeting} {name}"
