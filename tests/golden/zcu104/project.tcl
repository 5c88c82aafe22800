# Auto-generated project tcl file
create_project heepstor_systems_heepstor_1.0.0 -force
set_property part xczu7ev-ffvc1156-2-e [current_project]
set_property verilog_define {HEEPSTOR_ULTRA_RAM=1 HEEPSTOR_DSP48E2=1 HEEPSTOR_BUFGCE_DIV=1 } [get_filesets sources_1]
read_xdc {src/heepstor_boards_zcu104_1.0.0/constraints/zcu104.xdc}
source {src/heepstor_boards_zcu104_1.0.0/tcl/project_settings.tcl}
set_property include_dirs [list src/heepstor_pip_common_cells-files_1.20.0/include .] [get_filesets sources_1]
set_property top heepstor_zcu104 [current_fileset]
set_property source_mgmt_mode None [current_project]
