"""The contract between the engine's hardware and software, and its form in three languages.

SystemRDL is the only source: cores/engine/descriptor.rdl has the words, fields, operations and
fences, cores/engine/engine.rdl the version and the errors.
"""
