"""Edalize flow: a bitstream for Lattice's ECP5 without vendor tools or a licence.

Edalize finds it as ``edalize.flows.ecp5_bitstream``, for ``flow: ecp5_bitstream`` in a FuseSoC
target. It leaves the bitstream, its record, nextpnr's report.json and the logs in the work folder.
"""

from __future__ import annotations

from edalize.flows.edaflow import Edaflow, FlowGraph
from edalize.tools import ecp5

from flows.fpga.guarded import Guarded


class Ecp5_bitstream(Guarded, Edaflow):
    """Netlist, placement, routing, bitstream; never returns a stale bitstream."""

    argtypes: list[str] = []  # noqa: RUF012  (Edalize reads it from the class)

    @classmethod
    def get_tool_options(cls, flow_options):
        """Return the tool's options: device, package, speed grade."""
        return cls.get_filtered_tool_options(["ecp5"], {})

    def configure_flow(self, flow_options):
        """Return a flow of a single tool."""
        return FlowGraph.fromdict({"ecp5": {}})

    def configure_tools(self, graph):
        """Make the tool's last file the flow's."""
        super().configure_tools(graph)
        self.commands.default_target = graph.get_node("ecp5").inst.commands.default_target

    def device(self) -> str:
        """Return the size of the ECP5."""
        return self.edam["flow_options"]["device"]

    def programs(self) -> str:
        """Return Yosys and nextpnr, which are among the project's Python packages."""
        return ecp5.programs()

    def products(self, project: str) -> tuple[str, ...]:
        """Return the netlist, the placed and routed design, the report and the logs."""
        return ecp5.PRODUCTS
