"""How fast is a step, and against what? `gan-scratch bench`, and the same for single layers. See course/performance.md."""
