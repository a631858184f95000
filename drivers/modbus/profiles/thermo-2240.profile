# SPDX-License-Identifier: Apache-2.0
# Thermo Orion 2240, function 3: one float, no time, one parameter a device. Set the cycle.
#
#	point "tp" { bus = "…" unit_id = 1 profile = "thermo-2240" unit = "mg/L" cycle = "4h" }
#
# Sureness: fair (from working code of one station).

point "*" {
	address = 4
	type = "float32"
	order = "ABCD"
}
