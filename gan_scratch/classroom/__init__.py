"""What exercise notebooks import: checks that say why an answer is wrong.

check.py compares and judges, diagnose.py finds the reason, call.py runs a student's function safely; session.py runs a whole
notebook with the functions in a kernel and the checks outside it (remote.py). e01.py, e02.py, … hold the exercises' own references.
"""
