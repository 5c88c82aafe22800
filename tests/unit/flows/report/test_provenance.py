"""What a result was made from: versions, stages, hashes."""

from flows.report.provenance import collect, digest

MANIFESTS = {
    "export": {
        "command": "invoke export",
        "inputs": {"project.py": "11", "version of torch": "2.0", "option batch": "1"},
        "outputs": {"graph.json": "22"},
    },
    "firmware": {
        "command": "invoke firmware",
        "inputs": {"sw/main.cpp": "33", "version of clang": "22", "sw/a.cpp": "44"},
        "outputs": {"firmware.elf": "55", "size.json": "66"},
    },
}


def test_versions_are_not_counted_as_files():
    found = collect("invoke build", "0123abcd", MANIFESTS)
    assert (found["command"], found["config_hash"]) == ("invoke build", "0123abcd")
    assert list(found["versions"].items()) == [("clang", "22"), ("torch", "2.0")]
    assert [(stage["name"], stage["files"]) for stage in found["stages"]] == [
        ("export", 1),
        ("firmware", 2),
    ]
    assert found["firmware"] == "55"
    assert found["stages"][0]["inputs"] == digest({"project.py": "11"})


def test_a_digest_depends_on_names_and_hashes_and_not_on_their_order():
    one = digest({"a": "1", "b": "2"})
    assert one == digest({"b": "2", "a": "1"}) and len(one) == 16
    assert one != digest({"a": "2", "b": "1"}) != digest({"a": "1", "c": "2"})
    assert digest({}) != digest({"": ""})
