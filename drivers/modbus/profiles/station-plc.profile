# SPDX-License-Identifier: Apache-2.0
# The PLC of a station (table cfg_modbus_plc): floats one after the other, without a time. Set the cycle.
#
#	point "*" { bus = "…" unit_id = 1 profile = "station-plc" cycle = "4h" }
#
# Sureness: positions good (from the program's table). The order of words is not told: ABCD is assumed, check it with
# `wqctl probe`. Units are those that such stations report in.

point "*"         { type = "float32" }
point "temp"      { address = 0  unit = "℃" }
point "ph"        { address = 2  unit = "-" }
point "do"        { address = 4  unit = "mg/L" }
point "turbidity" { address = 6  unit = "NTU" }
point "ec"        { address = 8  unit = "μS/cm" }
point "nh3n"      { address = 10 unit = "mg/L" }
point "tp"        { address = 12 unit = "mg/L" }
point "tn"        { address = 14 unit = "mg/L" }
point "codmn"     { address = 16 unit = "mg/L" }
