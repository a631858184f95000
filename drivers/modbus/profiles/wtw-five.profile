# SPDX-License-Identifier: Apache-2.0
# WTW controller with five parameters, function 3, over a serial line or TCP.
#
# Sureness: good for positions and order (from working code, which reads 0 to 39 in one request: gap = 12 does so). Units
# are assumed: compare with the display.

point "*"         { type = "float32" order = "ABCD" }
point "ec"        { address = 4  unit = "μS/cm" }
point "temp"      { address = 6  unit = "℃" }
point "ph"        { address = 12 unit = "-" }
point "do"        { address = 20 unit = "mg/L" }
point "turbidity" { address = 28 unit = "NTU" }
