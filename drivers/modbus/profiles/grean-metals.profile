# SPDX-License-Identifier: Apache-2.0
# Grean heavy-metal analysers, function 4: one float, no time, one parameter a device. Set the cycle.
#
#	point "tp" { bus = "…" unit_id = 1 profile = "grean-metals" unit = "mg/L" cycle = "4h" }
#
# Sureness: fair (from working code of one station).

point "*" {
	address = 0x1001
	type = "float32"
	order = "ABCD"
	table = "input"
}
