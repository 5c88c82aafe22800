"""A small contract, to be written in each language."""

from flows.contract.description import Constant, Contract, Enumeration, Field, Member, Word

ERROR = Enumeration(
    "error", "Why.", 8, (Member("none", 0, "No error."), Member("bad_word", 2, "A word is bad."))
)
CONTROL = Word(
    "control",
    (
        Field("kind", "What to do.", 0, 8, default=2, enumeration="error"),
        Field("flag", "Whether to.", 8, 1),
        Field("wait", "How long.", 9, 2),
        Field("reserved_control", "Must be zero.", 11, 21),
    ),
)
SIZE = Word(
    "size",
    (
        Field("width", "In x.", 0, 16),
        Field("height", "In y.", 16, 8),
        Field("depth", "In z.", 24, 8, default=0x80, is_signed=True),
    ),
)
SLOPE = Word("slope", (Field("slope", "Factor.", 0, 32, default=0xFF800000, is_float=True),))
CROSSINGS = Constant("most_crossings", 3, "At most.")
CONTRACT = Contract(5, 16, (CROSSINGS,), (ERROR,), (CONTROL, SIZE, SLOPE))
