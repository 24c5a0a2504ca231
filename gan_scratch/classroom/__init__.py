"""The engine behind the checks that exercise notebooks import from gan_scratch.checks.

A check:        spec.py what it knows · check.py calls, shows, gives points · call.py, syntax.py one call, watched ·
                faults.py, causes.py, diagnose.py, updates.py what is wrong, and why · show.py how a verdict looks
A notebook:     notebooks.py, finding.py read it
                source.py, matching.py, submission.py, released.py, shadows.py rebuild it
                kernel.py, remote.py, replay.py, session.py run it, with the tests outside the kernel
`gan-scratch check`: command.py one notebook · several.py more than one · watch.py one, each time it is saved
"""
