# Settings of the project besides its files: the board file, and the check before the bitstream is
# written. Sourced while the project is being set up.

namespace eval heepstor {
  variable part xczu7ev-ffvc1156-2-e
  variable oldest 2021.1

  proc say {severity text} {
    puts "$severity: \[HEEPstor\] $text"
  }

  # Stops if this Vivado is too old. A version reads like 2023.2, or 2023.2.1 with an update.
  proc check_version {version} {
    variable oldest
    if {[regexp {^\d+(\.\d+)+} $version number] && [package vcompare $number $oldest] < 0} {
      error "Vivado $version is too old for HEEPstor: $oldest or later is needed."
    }
  }

  # Returns the newest installed board file of the ZCU104, or nothing.
  proc newest_board {boards} {
    set newest ""
    foreach board $boards {
      set version [lindex [split $board :] end]
      if {$newest eq "" || [package vcompare $version [lindex [split $newest :] end]] > 0} {
        set newest $board
      }
    }
    return $newest
  }

  # Sets the board file, if there is one. The constraints name every pin, so the design is complete
  # without it; but a board file for another device would change the project's device.
  proc choose_board {} {
    variable part
    set board [newest_board [get_board_parts -quiet "xilinx.com:zcu104:part0:*"]]
    if {$board eq ""} {
      say WARNING "no board file of the ZCU104 is installed; the project has the device $part and\
        all pins without it. To install it: Tools, Vivado Store, Boards, or\
        xhub::install \[xhub::get_xitems *zcu104*\]."
      return
    }
    set board_device [get_property PART_NAME [get_board_parts $board]]
    if {$board_device ne $part} {
      error "The board file $board is for $board_device, the ZCU104 has $part. Remove or correct\
        the board file (report_property \[get_board_parts $board\] shows where it is)."
    }
    set_property board_part $board [current_project]
    say INFO "board file $board"
  }

  check_version [version -short]
  choose_board
  set_property STEPS.WRITE_BITSTREAM.TCL.PRE \
    [file normalize [file join [file dirname [info script]] check_timing.tcl]] [get_runs impl_1]
}
