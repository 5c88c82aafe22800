# Vivado runs this after routing, before it writes the bitstream: a design that misses its timing
# gets no bitstream, because it would fail sporadically, and differently on every board.

# Vivado reports a constraint that cannot be applied only as a critical warning (AR 54799), and
# without a clock no path has a slack to violate.
foreach clock {clk_125 jtag_tck} {
  if {![llength [get_clocks -quiet $clock]]} {
    error "The design has no clock $clock, so its timing is unknown. No bitstream is\
      written. Vivado's critical warnings say which line of zcu104.xdc could not be applied."
  }
}

foreach {kind meaning} {max setup min hold} {
  foreach path [get_timing_paths -delay_type $kind -max_paths 1] {
    set slack [get_property SLACK $path]
    puts "INFO: \[HEEPstor\] worst slack of $meaning: $slack ns"
    if {$slack ne "" && $slack < 0} {
      error "The design misses its timing: the worst slack of $meaning is $slack ns. No bitstream is\
        written. Lower clock_hz in the hardware configuration, or choose a smaller array."
    }
  }
}
