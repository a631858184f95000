# SPDX-License-Identifier: Apache-2.0
# Analysers with the Shenzhen map (Labsun and its kin): value, time in decimals, flag as a number, one parameter a device.
#
#	point "nh3n" { bus = "…" unit_id = 2 profile = "labsun" unit = "mg/L" cycle = "4h" }
#
# Sureness: good for positions, time (2 = YY*100+MM, 3 = DD*100+hh, 4 = mm*100+ss, decimal, not BCD) and flags; the order of
# words is not told, ABCD is assumed. 5 is a state whose numbers are not told: it is read along, so that value, time and flag
# are one request. 10 is the range.

point "*" {
	address = 0
	type = "float32"
	time_address = 2
	time_type = "packed"
	status_address = 5
	flag_address = 6
	flag_type = "code"
	flags = { "0=N", "1=F", "2=M", "4=D", "5=C", "8=T", "9=L" }
}
