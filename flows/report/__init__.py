"""The final report: where every cycle and every byte went, and how good the answers are.

`data` collects it from what the stages wrote, `terminal` prints it, `page` draws it as one HTML
file, `comparison` sets two side by side.
"""
