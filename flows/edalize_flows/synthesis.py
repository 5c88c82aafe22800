"""Edalize flow: a design's resource usage on a device or in standard cells, without vendor tools.

Edalize finds it as ``edalize.flows.synthesis``, for ``flow: synthesis`` in a FuseSoC target. Yosys
elaborates the SystemVerilog (tool ``yowasp``), then ``python -m flows.synth`` maps the modules to
the device. The flow leaves utilization.json and treemap.svg in the work folder, for standard cells
silicon.json.
"""

from __future__ import annotations

from pathlib import Path

from edalize.flows.edaflow import Edaflow, FlowGraph

from flows.fusesoc.errors import as_fusesoc_takes_them
from flows.synth.stage import DESIGN, PICTURE, SILICON, UTILIZATION


class Synthesis(Edaflow):
    """Synthesis down to the counts of a device's primitives."""

    argtypes = ["vlogdefine", "vlogparam"]  # noqa: RUF012  (Edalize reads it from the class)

    @classmethod
    def get_tool_options(cls, flow_options):
        """Return the tool's options: the device."""
        return cls.get_filtered_tool_options(["yowasp"], {})

    def configure_flow(self, flow_options):
        """Return a flow of a single tool."""
        return FlowGraph.fromdict({"yowasp": {}})

    def configure_tools(self, graph):
        """Make the tool's last file the flow's."""
        super().configure_tools(graph)
        self.commands.default_target = graph.get_node("yowasp").inst.commands.default_target

    def build(self):
        """Elaborate from scratch: make goes by time stamps, and copies of sources keep theirs."""
        for name in (DESIGN, UTILIZATION, PICTURE, SILICON):
            Path(self.work_root, name).unlink(missing_ok=True)
        with as_fusesoc_takes_them():
            super().build()
