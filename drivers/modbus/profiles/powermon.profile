# SPDX-License-Identifier: Apache-2.0
# Bran+Luebbe PowerMon, function 4: one float, no time, one parameter a device. Set the cycle.
#
#	point "tp" { bus = "…" unit_id = 1 profile = "powermon" unit = "mg/L" cycle = "4h" }
#
# Sureness: good (from working code).

point "*" {
	address = 0
	type = "float32"
	order = "DCBA"
	table = "input"
}
