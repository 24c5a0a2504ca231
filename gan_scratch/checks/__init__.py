"""What exercise notebooks import: one file per exercise, with its references, its inputs and the mistakes that students make.

    from gan_scratch.checks.e02 import check

The engine that compares, diagnoses and grades is gan_scratch.classroom.
"""
