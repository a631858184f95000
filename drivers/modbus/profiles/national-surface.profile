# SPDX-License-Identifier: Apache-2.0
# Instruments of the national surface-water network (国家地表水自动监测仪器 Modbus RTU map): the five parameters,
# CODMn, NH3-N, TP, TN and others, one parameter a unit id. Point by point:
#
#	point "tp" { bus = "…" unit_id = 5 profile = "national-surface" unit = "mg/L" cycle = "4h" }
#
# Sureness: good. From the register table and the code of a station program; the state codes are confirmed by an independent
# program. Floats have their words swapped, dates are BCD. What alarms make a value bad is our choice (below).
#
# Time, value and flag are one request, 0x1005 to 0x100F. The records of checks, standard 0x1010, blank 0x101B,
# zero 0x1026, span 0x1031, recovery 0x103C, parallel 0x1047, each time, value and flag like the sample, are not river
# water: they are left out, and nothing here reads them. The unit that the instrument is set to stands in 0x1002 (0 ug/L,
# 1 mg/L, 2 ppm, 7 %, 17 degC): look at it with `wqctl probe` and write it as the point's unit.
#
# The state (0x1083) says what the instrument is doing now, not what the sample was: a check that begins right after a
# sample would spoil the sample. The flag and the codes of alarm and fault decide.

point "*" {
	address = 0x1008
	type = "float32"
	order = "CDAB"
	time_address = 0x1005
	time_type = "bcd"
	flag_address = 0x100A
	flag_registers = 6
	flag_type = "ascii"
	# 1 reagent 2 no water sample 3 no pure water 5 leak 7 over range 8 heating 13 titration 14 electrode. Not bad: 4
	# standard 6 calibration 9 reagent low 10 above limit 11 below limit 15 range switched and what concerns other values.
	alarm_address = 0x1085
	alarm_bad = { "1-3", "5", "7", "8", "13", "14" }
	fault_address = 0x1086                   # 1 motor 2 temperature 3 communication 4 titration: all are bad
}
