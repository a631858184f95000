# SPDX-License-Identifier: Apache-2.0
# DKK-TOA analysers, function 3 (function 4 gives the same): one float, no time, one parameter a device. Set the cycle.
#
#	point "tp" { bus = "…" unit_id = 1 profile = "dkk" unit = "mg/L" cycle = "4h" }
#
# Sureness: good (from working code). They may have to be started, which wqd does not do.

point "*" {
	address = 0
	type = "float32"
	order = "ABCD"
}
