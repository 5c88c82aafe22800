"""A master for blocks with plain OBI ports (obi_req_i and so on), and starting a block."""

from cocotb.clock import Clock
from cocotb.handle import Immediate
from cocotb.triggers import FallingEdge, RisingEdge, Timer


async def start(dut):
    """Starts the clock and resets; signals are driven at falling edges, seen at rising ones.

    The reset begins before the clock does: the junk that registers hold until then breaks the rules
    that assertions check.
    """
    dut.clk_i.value = Immediate(0)
    dut.rst_ni.value = Immediate(0)
    await Timer(1, "ns")
    Clock(dut.clk_i, 10, "ns").start()
    await FallingEdge(dut.clk_i)
    await FallingEdge(dut.clk_i)
    dut.rst_ni.value = 1
    await FallingEdge(dut.clk_i)


class Master:
    """Reads and writes 32-bit registers of a block, one at a time."""

    def __init__(self, dut):
        self.dut = dut
        dut.obi_req_i.value = 0

    async def write(self, address, value, enables=0xF):
        await self._access(address, 1, value, enables)

    async def read(self, address):
        return await self._access(address, 0, 0, 0xF)

    async def _access(self, address, write, value, enables):
        dut = self.dut
        dut.obi_req_i.value = 1
        dut.obi_addr_i.value = address
        dut.obi_we_i.value = write
        dut.obi_be_i.value = enables
        dut.obi_wdata_i.value = value
        while True:
            await RisingEdge(dut.clk_i)
            if dut.obi_gnt_o.value == 1:
                break
        await FallingEdge(dut.clk_i)
        dut.obi_req_i.value = 0
        while dut.obi_rvalid_o.value == 0:
            await FallingEdge(dut.clk_i)
        data = int(dut.obi_rdata_o.value)
        # Answers last for one cycle; the next request must not see this one's.
        await FallingEdge(dut.clk_i)
        return data
