"""The contract of the engine's hardware and software, and its forms in three languages.

SystemRDL is the only source: words, fields, operations and fences stand in
cores/engine/descriptor.rdl, version and errors in cores/engine/engine.rdl.
"""
