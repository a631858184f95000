# SPDX-License-Identifier: Apache-2.0
# Avvor 9000, function 4: one float, no time, one parameter a device. Set the cycle.
#
#	point "tp" { bus = "…" unit_id = 1 profile = "avvor-9000" unit = "mg/L" cycle = "4h" }
#
# Sureness: good (from working code).

point "*" {
	address = 0
	type = "float32"
	order = "CDAB"
	table = "input"
}
