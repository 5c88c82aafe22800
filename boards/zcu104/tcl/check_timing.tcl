# Run by Vivado when the design is routed, before it writes the bitstream: a design that misses its
# timing gets none, because it would fail now and then, and differently on every board.

# A constraint that cannot be applied is no more than a critical warning of Vivado's (AR 54799), and
# without a clock no path has a slack to miss.
foreach clock {clk_125 jtag_tck} {
  if {![llength [get_clocks -quiet $clock]]} {
    error "The design has no clock $clock, so its timing is not known. No bitstream is written. Vivado\
      says in its critical warnings which line of zcu104.xdc it could not apply."
  }
}

foreach {kind meaning} {max setup min hold} {
  foreach path [get_timing_paths -delay_type $kind -max_paths 1] {
    set slack [get_property SLACK $path]
    puts "INFO: \[HEEPstor\] worst slack of $meaning: $slack ns"
    if {$slack ne "" && $slack < 0} {
      error "The design misses its timing: the worst slack of $meaning is $slack ns. No bitstream is\
        written. Lower clock_hz in the hardware configuration, or make the array smaller."
    }
  }
}
