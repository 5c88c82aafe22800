# Pins and timing of HEEPstor on the ZCU104 evaluation board.
#
# Source: UG1267, ZCU104 Evaluation Board User Guide (clocks, user I/O, USB-UART). The pins equal
# those in Xilinx's board file xilinx.com:zcu104:part0:1.1 (github.com/Xilinx/XilinxBoardStore:
# part0_pins.xml has all pins except the 125 MHz clock, board.xml the UART's standard and the
# button's polarity), and in LiteX's platform (github.com/litex-hub/litex-boards: xilinx_zcu104.py,
# which has all of them).

# 125 MHz, CLK_125_P and CLK_125_N, bank 28 (1.8 V). The MMCM's output clock is derived from it.
set_property PACKAGE_PIN F23 [get_ports clk_125_p_i]
set_property PACKAGE_PIN E23 [get_ports clk_125_n_i]
set_property IOSTANDARD LVDS [get_ports {clk_125_p_i clk_125_n_i}]
create_clock -name clk_125 -period 8.000 [get_ports clk_125_p_i]

# Push button CPU_RESET (SW20), bank 87 (3.3 V), high while pressed.
set_property PACKAGE_PIN M11 [get_ports cpu_reset_i]
set_property IOSTANDARD LVCMOS33 [get_ports cpu_reset_i]

# First switch of the DIP switch SW13 (GPIO_DIP_SW0), bank 88 (3.3 V), high when on.
set_property PACKAGE_PIN E4 [get_ports dip_start_i]
set_property IOSTANDARD LVCMOS33 [get_ports dip_start_i]

# UART2 of the USB bridge (channel D of the FT4232HL), bank 28 (1.8 V). Seen from the bridge, they
# are UART2_TXD_O_FPGA_RXD and UART2_RXD_I_FPGA_TXD.
set_property PACKAGE_PIN A20 [get_ports uart_rx_i]
set_property PACKAGE_PIN C19 [get_ports uart_tx_o]
set_property IOSTANDARD LVCMOS18 [get_ports {uart_rx_i uart_tx_o}]

# GPIO_LED_0 to GPIO_LED_3, bank 88 (3.3 V).
set_property PACKAGE_PIN D5 [get_ports {led_o[0]}]
set_property PACKAGE_PIN D6 [get_ports {led_o[1]}]
set_property PACKAGE_PIN A5 [get_ports {led_o[2]}]
set_property PACKAGE_PIN B5 [get_ports {led_o[3]}]
set_property IOSTANDARD LVCMOS33 [get_ports {led_o[*]}]

# None of these has a clock of its own: inputs are synchronised, and output timing does not matter.
set_false_path -from [get_ports {cpu_reset_i dip_start_i uart_rx_i}]
set_false_path -to [get_ports {uart_tx_o led_o[*]}]

# The debugger's clock, from the FPGA's JTAG port: the USB bridge reaches at most 30 MHz. All
# signals between it and the SoC's clock are synchronised.
create_clock -name jtag_tck -period 33.333 [get_pins -hierarchical -filter {NAME =~ */u_dtmcs/TCK}]
set_clock_groups -asynchronous -group [get_clocks -include_generated_clocks clk_125] \
  -group [get_clocks jtag_tck]

set_property BITSTREAM.GENERAL.COMPRESS TRUE [current_design]
