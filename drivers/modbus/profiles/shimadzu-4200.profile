# SPDX-License-Identifier: Apache-2.0
# Shimadzu TOC-4200, function 4: one float, no time, one parameter a device. Set the cycle.
#
#	point "tp" { bus = "…" unit_id = 1 profile = "shimadzu-4200" unit = "mg/L" cycle = "4h" }
#
# Sureness: fair (from working code of one station). Its state is at 0x7D0, its numbers are not told; TOC is a parameter that a configuration declares itself.

point "*" {
	address = 10
	type = "float32"
	order = "ABCD"
	table = "input"
}
