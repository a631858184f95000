# SPDX-License-Identifier: Apache-2.0
# A station computer (HGXS5 and its kin, table cfg_modbus) as a Modbus slave: one time, then floats.
#
#	point "*" { bus = "…" unit_id = 1 profile = "station-hgxs5" cycle = "4h" }
#
# takes all points below; a point of its own title in the station stands instead of the one here.
#
# Sureness: positions good (from the program's table). The order of words is not told: ABCD is assumed, check it with
# `wqctl probe` and add order = "CDAB" to the point where it is not. Units are those that such stations report in.
# Further on: 13 chlorophyll, 15 algae, 17 cyanobacteria (units not told), 29 TOC, 67 water level, 69 velocity.

point "*" {
	time_address = 0                         # 0 to 2, for all values
	time_type = "bcd"
	type = "float32"
}
point "temp"      { address = 3  unit = "℃" }
point "ph"        { address = 5  unit = "-" }
point "do"        { address = 7  unit = "mg/L" }
point "turbidity" { address = 9  unit = "NTU" }
point "ec"        { address = 11 unit = "μS/cm" }
point "nh3n"      { address = 19 unit = "mg/L" }
point "tp"        { address = 21 unit = "mg/L" }
point "tn"        { address = 23 unit = "mg/L" }
point "codmn"     { address = 25 unit = "mg/L" }
point "cod"       { address = 27 unit = "mg/L" }
