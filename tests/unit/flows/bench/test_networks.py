"""The suite of whole networks: its goals, and what it measures."""

import pytest
import torch

from flows import bench
from flows.bench import mlperf, networks, published
from flows.bench.runner import measurement
from flows.errors import HeepstorError
from modelgen.workload.project import load_project
from tests.support.measured import MODEL, RUN, SIZE, STATISTICS, resnet8


def test_networks_reach_their_goals():
    assert networks.missed({"networks": [resnet8()]}) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"cycles": 53_001}, "resnet8 at S = 16: 53,001 cycles, at most 53,000 (cycles)"),
        ({"goals": {"1.4 x the limit": 50_000}}, "at most 50,000 (1.4 x the limit)"),
        ({"prediction_error": -0.051}, "-5.1% off the measured 51,600; at most 5%"),
        ({"prediction_error": 0.051}, "+5.1% off the measured 51,600; at most 5%"),
    ],
)
def test_each_goal_of_a_network_can_be_missed(changes, named):
    (line,) = networks.missed({"networks": [resnet8(**changes)]})
    assert named in line


def test_goals_are_those_stated():
    goals = {
        (network.name, size): network.goals(size, 1_000.0)
        for network in networks.NETWORKS
        for size in (8, 16)
    }
    large = ("bench-fmnist-large", "cifar10-conv2d", "resnet8", "vgg6")
    for name in large:
        assert goals[name, 8]["1.25 x the limit with all maps moved"] == 1_250
        assert goals[name, 16]["1.4 x the limit with all maps moved"] == 1_400
    for name in ("bench-fmnist-medium", "fmnist-conv2d", "mnist-cnn"):
        assert goals[name, 8]["1.6 x the limit with all maps moved"] == 1_600
    fewer = {network.name for network in networks.NETWORKS if network.fewer}
    assert fewer == {"bench-fmnist-medium", "fmnist-conv2d", "bench-fmnist-large", "cifar10-conv2d"}
    assert goals["fmnist-conv2d", 8]["300 x fewer than published"] == 1_456_591 // 300
    most = {"resnet8": 53_000, "dscnn": 30_000, "mnist-cnn": 3_300, "vgg6": 175_000}
    assert {name: goals[name, 16].get("cycles") for name in most} == most


def test_networks_are_the_projects():
    projects = bench.ROOT / "projects"
    names = {path.parent.name for path in projects.glob("*/project.py")}
    own = {network.name for network in mlperf.INT8}
    assert {network.name for network in networks.NETWORKS} == names - own and own < names
    for system in published.SYSTEMS:
        assert system.network in names
    assert set(published.MLPERF_TINY) == own
    for network in networks.NETWORKS:
        model = load_project(projects / network.name).build_model().eval()
        assert len(model(torch.zeros(1, *network.shape))) == 1


def test_unknown_network_is_refused():
    with pytest.raises(HeepstorError, match=r"no network 'alexnet'.*resnet8"):
        networks.run(None, only=["alexnet"])


def test_software_is_measured_for_small_networks_only():
    class Bench:
        root = bench.ROOT

        def network(self, project, array_size):
            model = {**MODEL, "macs": macs[project.name]}
            return measurement(array_size, RUN, model, SIZE, STATISTICS)

        def software_cycles(self, name, array_size):
            assert array_size == 8
            return 4_000_000

    macs = {"fmnist-conv2d": 167_168, "vgg6": 38_715_392}
    figures = networks.run(Bench(), only=list(macs))["networks"]
    found = {(row["name"], row["array_size"]): row["software"] for row in figures}
    assert found == {
        ("fmnist-conv2d", 8): 4_000_000,
        ("vgg6", 8): None,
        ("fmnist-conv2d", 16): None,
        ("vgg6", 16): None,
    }
