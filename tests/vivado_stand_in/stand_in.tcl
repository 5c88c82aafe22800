# Vivado's Tcl commands, as far as HEEPstor and Edalize use them, after UG835 (Tcl command reference)
# and UG912 (properties). Each checks its arguments, and that the objects it names exist. A "bitstream"
# is the list of what it was made from.
#
# Environment:
#   STAND_IN_VERSION   version of Vivado (2023.2)
#   STAND_IN_BOARDS    installed board files: "name=device ..."
#   STAND_IN_SLACK     worst slack of setup in ns (0.5)
#   STAND_IN_SYNTH     "fail": synthesis fails
#   STAND_IN_CHAINS    JTAG chains of the hardware server: "target=part,part ..."
#   STAND_IN_DEVICE    file that stands for the configuration memory of the device

proc setting {name default} {
  return [expr {[info exists ::env(STAND_IN_$name)] ? $::env(STAND_IN_$name) : $default}]
}

# State of the project, kept in its .xpr file: properties, files, progress of the runs.
array set project {name "" verilog {} xdc {}}
array set properties {}
array set kinds {}
array set ports {}

set known(project) {part board_part source_mgmt_mode}
set known(fileset) {verilog_define include_dirs top generic}
set known(run) {STEPS.WRITE_BITSTREAM.TCL.PRE STEPS.WRITE_BITSTREAM.ARGS.BIN_FILE PROGRESS STATUS
  NEEDS_REFRESH DIRECTORY}
set known(board) {PART_NAME}
set known(port) {PACKAGE_PIN IOSTANDARD}
set known(design) {BITSTREAM.GENERAL.COMPRESS}
set known(path) {SLACK}
set known(hw_target) {PARAM.FREQUENCY}
set known(hw_device) {PART PROGRAM.FILE}
set parts {xczu7ev-ffvc1156-2-e xczu9eg-ffvb1156-2-e}
set standards {LVDS LVCMOS18 LVCMOS33}

proc fail {text} {
  return -code error -level 2 "ERROR: \[StandIn\] $text"
}

proc object {kind name} {
  set ::kinds($name) $kind
  return $name
}

proc kind_of {name} {
  if {![info exists ::kinds($name)]} { return -code error "no object '$name'" }
  return $::kinds($name)
}

proc store {name property value} {
  set ::properties($name,[string toupper $property]) $value
}

proc stored {name property} {
  set key $name,[string toupper $property]
  return [expr {[info exists ::properties($key)] ? $::properties($key) : ""}]
}

# Takes flags off the front of an argument list: -name for a switch, -name= for one with a value.
proc options {command allowed words} {
  set found [dict create]
  set rest {}
  while {[llength $words]} {
    set words [lassign $words word]
    if {[string match {-[a-z]*} $word]} {
      if {$word in $allowed} {
        dict set found $word 1
      } elseif {"$word=" in $allowed} {
        set words [lassign $words value]
        dict set found $word $value
      } else {
        return -code error "$command has no option $word"
      }
    } else {
      lappend rest $word
    }
  }
  return [list $found $rest]
}

# Properties.

proc set_property {name value objects} {
  foreach object $objects {
    set kind [kind_of $object]
    if {[lsearch -nocase -exact $::known($kind) $name] < 0} { fail "a $kind has no property $name" }
    check_value $kind [string toupper $name] $value
    store $object $name $value
  }
}

proc check_value {kind name value} {
  switch $kind,$name {
    project,PART { if {$value ni $::parts} { fail "part '$value' is not installed" } }
    project,BOARD_PART {
      if {$value ni [installed_boards]} { fail "board file '$value' is not installed" }
      store $::project(name) part [stored $value PART_NAME]
    }
    project,SOURCE_MGMT_MODE {
      if {$value ni {None DisplayOnly All}} { fail "source_mgmt_mode cannot be $value" }
    }
    fileset,INCLUDE_DIRS {
      foreach folder $value { if {![file isdirectory $folder]} { fail "no folder $folder" } }
    }
    run,STEPS.WRITE_BITSTREAM.TCL.PRE {
      if {![file isfile $value] || [file pathtype $value] ne "absolute"} { fail "no script $value" }
    }
    port,IOSTANDARD { if {$value ni $::standards} { fail "no I/O standard $value" } }
    port,PACKAGE_PIN { if {![regexp {^[A-Y]{1,2}\d{1,2}$} $value]} { fail "no pin $value" } }
    hw_device,PROGRAM.FILE { if {![file isfile $value]} { fail "no file $value" } }
  }
}

proc get_property {name object} {
  set kind [kind_of $object]
  if {[lsearch -nocase -exact $::known($kind) $name] < 0} { fail "a $kind has no property $name" }
  return [stored $object $name]
}

proc list_property {object {pattern *}} {
  return [lsearch -all -inline -nocase $::known([kind_of $object]) $pattern]
}

# Projects and their files.

proc version {flag} {
  if {$flag ne "-short"} { fail "version $flag" }
  return [setting VERSION 2023.2]
}

proc create_project {args} {
  lassign [options create_project {-force} $args] flags names
  if {[llength $names] != 1} { fail "create_project $args" }
  file delete -force $names.xpr $names.runs
  set ::project(name) $names
  make_objects
  save
}

proc make_objects {} {
  object project $::project(name)
  object fileset sources_1
  foreach run {synth_1 impl_1} {
    object run $run
    store $run PROGRESS 0%
    store $run NEEDS_REFRESH 0
    store $run DIRECTORY [file normalize $::project(name).runs/$run]
  }
}

proc installed_boards {} {
  set boards {}
  foreach entry [setting BOARDS "xilinx.com:zcu104:part0:1.1=xczu7ev-ffvc1156-2-e"] {
    lassign [split $entry =] board device
    store [object board $board] PART_NAME $device
    lappend boards $board
  }
  return $boards
}

proc get_board_parts {args} {
  lassign [options get_board_parts {-quiet} $args] flags patterns
  set found {}
  foreach board [installed_boards] {
    foreach pattern $patterns { if {[string match $pattern $board]} { lappend found $board } }
  }
  return $found
}

proc current_project {} { return $::project(name) }
proc current_fileset {} { return sources_1 }
proc current_run {} { return impl_1 }
proc current_design {} { return [object design design_1] }

proc get_filesets {name} {
  if {$name ne "sources_1"} { fail "no fileset $name" }
  return $name
}

proc get_runs {name} {
  if {$name ni {synth_1 impl_1}} { fail "no run $name" }
  return $name
}

proc read_verilog {args} {
  lassign [options read_verilog {-sv} $args] flags files
  foreach name $files {
    if {![file isfile $name]} { fail "no file $name" }
    if {[file extension $name] eq ".sv" && ![dict exists $flags -sv]} { fail "$name needs -sv" }
    if {$name in $::project(verilog)} { fail "$name is read twice" }
    lappend ::project(verilog) $name
  }
}

proc read_xdc {name} {
  if {![file isfile $name]} { fail "no file $name" }
  lappend ::project(xdc) $name
}

proc save {} {
  set channel [open $::project(name).xpr w]
  puts $channel [list [array get ::project] [array get ::properties]]
  close $channel
}

proc open_project {file} {
  set channel [open $file]
  lassign [read $channel] saved_project saved_properties
  close $channel
  array set ::project $saved_project
  make_objects
  array set ::properties $saved_properties
}

# Constraints: read when a run is launched, with the ports of the top module.

proc contents {name} {
  set channel [open $name]
  set text [read $channel]
  close $channel
  return $text
}

proc find_ports {} {
  set top [stored sources_1 top]
  foreach name $::project(verilog) {
    if {[regexp "\nmodule $top\\s.*?\\((.*?)\\n\\);" [contents $name] all header]} {
      set pattern {(?:input|output)\s+logic\s+(?:\[(\d+):0\])?\s*(\w+)}
      foreach {all last port} [regexp -all -inline $pattern $header] {
        if {$last eq ""} {
          set ::ports([object port $port]) 1
        } else {
          for {set bit 0} {$bit <= $last} {incr bit} {
            set ::ports([object port ${port}\[$bit\]]) 1
          }
        }
      }
      return
    }
  }
  fail "no module $top in the files that were read"
}

proc get_ports {patterns} {
  set found {}
  foreach pattern $patterns {
    set literal [string map {[ \\[ ] \\]} $pattern]
    set matching [lsearch -all -inline [array names ::ports] $literal]
    if {![llength $matching]} { fail "no port $pattern" }
    lappend found {*}$matching
  }
  return $found
}

proc create_clock {args} {
  lassign [options create_clock {-name= -period=} $args] flags target
  if {![string is double -strict [dict get $flags -period]] || [llength $target] != 1} {
    fail "create_clock $args"
  }
  if {[kind_of [lindex [lindex $target 0] 0]] ni {port pin}} { fail "create_clock of $target" }
  lappend ::clocks [object clock [dict get $flags -name]]
}

# A pin of an instance somewhere in the design: `NAME =~ */instance/PIN`. The instance is looked for in
# the sources, with that pin.
proc get_pins {args} {
  lassign [options get_pins {-hierarchical -filter=} $args] flags rest
  if {[llength $rest] || ![dict exists $flags -hierarchical]
      || ![regexp {^NAME =~ \*/(\w+)/(\w+)$} [dict get $flags -filter] all instance pin]} {
    fail "get_pins $args"
  }
  foreach name $::project(verilog) {
    if {[regexp "\\) $instance \\(\[^;\]*\\.$pin\\M" [contents $name]]} {
      return [list [object pin $instance/$pin]]
    }
  }
  fail "no pin $instance/$pin in the design"
}

proc get_clocks {args} {
  lassign [options get_clocks {-include_generated_clocks -quiet} $args] flags names
  set found {}
  foreach name $names {
    if {$name in $::clocks} {
      lappend found $name
    } elseif {![dict exists $flags -quiet]} {
      fail "no clock $name"
    }
  }
  return $found
}

proc set_clock_groups {args} {
  if {[lindex $args 0] ne "-asynchronous" || [llength $args] < 5} { fail "set_clock_groups $args" }
  foreach {flag group} [lrange $args 1 end] {
    if {$flag ne "-group" || ![llength $group]} { fail "set_clock_groups $args" }
    foreach clock $group { if {[kind_of $clock] ne "clock"} { fail "$clock is no clock" } }
  }
}

proc set_false_path {args} {
  lassign [options set_false_path {-from= -to=} $args] flags rest
  if {[llength $rest] || ![dict size $flags]} { fail "set_false_path $args" }
  foreach object [concat {*}[dict values $flags]] { kind_of $object }
}

proc apply_constraints {} {
  set ::clocks {}
  find_ports
  foreach name $::project(xdc) { uplevel #0 [list source $name] }
  set used {}
  foreach port [array names ::ports] {
    set pin [stored $port PACKAGE_PIN]
    if {$pin eq "" || [stored $port IOSTANDARD] eq ""} { fail "port $port has no pin or standard" }
    if {$pin in $used} { fail "pin $pin is used twice" }
    lappend used $pin
  }
  if {![llength $::clocks]} { fail "the design has no clock" }
}

# Runs.

proc reset_runs {run} { store [get_runs $run] PROGRESS 0% }
proc wait_on_run {run} { get_runs $run }

proc launch_runs {args} {
  lassign [options launch_runs {-to_step= -jobs=} $args] flags run
  if {[stored [get_runs $run] PROGRESS] eq "100%"} { fail "$run is complete, it has to be reset" }
  file mkdir [stored $run DIRECTORY]
  launch_$run $flags
  save
}

proc launch_synth_1 {flags} {
  if {[stored $::project(name) part] eq ""} { fail "no part is set" }
  apply_constraints
  if {[setting SYNTH ""] eq "fail"} {
    puts "ERROR: \[Synth 8-439\] module 'nowhere' not found"
    store synth_1 STATUS "synth_design ERROR"
    return
  }
  store synth_1 PROGRESS 100%
}

proc launch_impl_1 {flags} {
  if {[stored synth_1 PROGRESS] ne "100%"} { fail "synth_1 is not complete" }
  if {![dict exists $flags -to_step] || [dict get $flags -to_step] ne "write_bitstream"} {
    fail "launch_runs impl_1 stops before the bitstream"
  }
  # A run is another process of Vivado: an error in its script ends it, and is seen in its progress.
  if {[catch {uplevel #0 [list source [stored impl_1 STEPS.WRITE_BITSTREAM.TCL.PRE]]} message]} {
    puts "ERROR: $message"
    store impl_1 PROGRESS 90%
    return
  }
  set channel [open [stored impl_1 DIRECTORY]/[stored sources_1 top].bit w]
  puts $channel "part [stored $::project(name) part] defines [stored sources_1 verilog_define]"
  foreach name [concat $::project(verilog) $::project(xdc)] {
    puts $channel "$name\n[contents $name]"
  }
  close $channel
  store impl_1 PROGRESS 100%
}

proc get_timing_paths {args} {
  lassign [options get_timing_paths {-delay_type= -max_paths=} $args] flags rest
  set kind [dict get $flags -delay_type]
  if {$kind ni {max min} || [llength $rest]} { fail "get_timing_paths $args" }
  store [object path path_$kind] SLACK [expr {$kind eq "max" ? [setting SLACK 0.5] : 0.02}]
  return path_$kind
}

# Hardware manager.

proc open_hw_manager {} {}
proc connect_hw_server {} {}
proc disconnect_hw_server {} {}
proc open_hw_target {} { set ::opened $::chain }
proc close_hw_target {} { unset -nocomplain ::opened }

proc get_hw_targets {args} {
  set found {}
  foreach entry [setting CHAINS "localhost:3121/xilinx_tcf/Xilinx/1=arm_dap,xczu7ev"] {
    lassign [split $entry =] target devices
    set ::chains($target) [split $devices ,]
    lappend found [object hw_target $target]
  }
  return $found
}

proc current_hw_target {target} { set ::chain $target }

proc get_hw_devices {} {
  set found {}
  foreach part $::chains($::opened) {
    lappend found [object hw_device ${part}_[llength $found]]
    store [lindex $found end] PART $part
  }
  return $found
}

proc current_hw_device {args} {
  if {[llength $args]} { set ::hw_device [lindex $args 0] }
  return $::hw_device
}

proc program_hw_devices {device} {
  if {[stored $device PART] ne "xczu7ev"} { fail "$device takes no bitstream" }
  file copy -force [stored $device PROGRAM.FILE] [setting DEVICE /dev/null]
}

# The command line.

proc main {words} {
  global argv
  set scripts {}
  set project ""
  set argv {}
  while {[llength $words]} {
    set words [lassign $words word]
    switch -glob -- $word {
      -version {
        puts "vivado v[version -short] (64-bit)"
        exit 0
      }
      -notrace - -quiet - -nolog - -nojournal {}
      -mode {
        set words [lassign $words mode]
        if {$mode ne "batch"} { error "stand-in: -mode $mode" }
      }
      -source {
        while {[llength $words] && [file extension [lindex $words 0]] eq ".tcl"} {
          set words [lassign $words script]
          lappend scripts $script
        }
      }
      -tclargs {
        set argv $words
        set words {}
      }
      *.xpr { set project $word }
      default { error "stand-in: vivado has no option $word" }
    }
  }
  if {$project ne ""} { open_project $project }
  foreach script $scripts { uplevel #0 [list source $script] }
  if {$::project(name) ne ""} { save }
}

if {[catch {main $argv} message]} {
  puts $message
  exit 1
}
exit 0
