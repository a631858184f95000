# SPDX-License-Identifier: Apache-2.0
# Hach ammonia analyser, function 3: one float, no time, one parameter a device. Set the cycle.
#
#	point "nh3n" { bus = "…" unit_id = 1 profile = "hach-nh3n" unit = "mg/L" cycle = "4h" }
#
# Sureness: good (from working code). It may have to be started, which wqd does not do.

point "*" {
	address = 0
	type = "float32"
	order = "ABCD"
}
