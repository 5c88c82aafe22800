"""Edalize flow: a bitstream for Lattice's ECP5 without a vendor's tools or a licence.

It is found as ``edalize.flows.ecp5_bitstream``, that is, as ``flow: ecp5_bitstream`` of a FuseSoC
target. The work folder then has the bitstream and its record, report.json of nextpnr, and the logs.
"""

from __future__ import annotations

from edalize.flows.edaflow import Edaflow, FlowGraph
from edalize.tools import ecp5

from flows.fpga.guarded import Guarded


class Ecp5_bitstream(Guarded, Edaflow):
    """Netlist, placement, routing, bitstream; never an old one for a new one."""

    argtypes: list[str] = []  # noqa: RUF012  (Edalize reads it from the class)

    @classmethod
    def get_tool_options(cls, flow_options):
        """The options of the one tool: device, package, speed grade."""
        return cls.get_filtered_tool_options(["ecp5"], {})

    def configure_flow(self, flow_options):
        """One tool, nothing before it."""
        return FlowGraph.fromdict({"ecp5": {}})

    def configure_tools(self, graph):
        """The tool's last file is the flow's."""
        super().configure_tools(graph)
        self.commands.default_target = graph.get_node("ecp5").inst.commands.default_target

    def device(self) -> str:
        """The size of the ECP5."""
        return self.edam["flow_options"]["device"]

    def programs(self) -> str:
        """Yosys and nextpnr: packages that are installed with the project's."""
        return ecp5.programs()

    def products(self, project: str) -> tuple[str, ...]:
        """Netlist, placed and routed design, report, logs."""
        return ecp5.PRODUCTS
