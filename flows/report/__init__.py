"""The final report: where every cycle and every byte went, and how good the answers are.

`data` collects it from the stages' outputs, `terminal` prints it, `page` writes it as one HTML
file, `comparison` compares two reports.
"""
