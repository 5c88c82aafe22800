"""Edalize flow: what a design takes of a device, without a vendor's tools.

It is found as ``edalize.flows.synthesis``, that is, as ``flow: synthesis`` of a FuseSoC target. The
steps: Yosys elaborates the SystemVerilog (tool ``yowasp``), then its modules are mapped to the
device (``python -m flows.synth``). The work folder then has utilization.json and treemap.svg.
"""

from __future__ import annotations

from pathlib import Path

from edalize.flows.edaflow import Edaflow, FlowGraph

from flows.fusesoc.errors import as_fusesoc_takes_them
from flows.synth.stage import PICTURE, UTILIZATION


class Synthesis(Edaflow):
    """Synthesis as far as the counts of a device's primitives."""

    argtypes = ["vlogdefine", "vlogparam"]  # noqa: RUF012  (Edalize reads it from the class)

    @classmethod
    def get_tool_options(cls, flow_options):
        """The options of the one tool: the device."""
        return cls.get_filtered_tool_options(["yowasp"], {})

    def configure_flow(self, flow_options):
        """One tool, nothing before it."""
        return FlowGraph.fromdict({"yowasp": {}})

    def configure_tools(self, graph):
        """The tool's last file is the flow's."""
        super().configure_tools(graph)
        self.commands.default_target = graph.get_node("yowasp").inst.commands.default_target

    def build(self):
        """Elaborates anew: make would go by time stamps, which copies of sources keep."""
        for name in ("design.il", UTILIZATION, PICTURE):
            Path(self.work_root, name).unlink(missing_ok=True)
        with as_fusesoc_takes_them():
            super().build()
