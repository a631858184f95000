# SPDX-License-Identifier: Apache-2.0
# Hach controller with five parameters, function 3.
#
# Sureness: good for positions and order (from working code). Units are assumed: compare with the display. 10 is ORP.

point "*"         { type = "float32" order = "ABCD" }
point "do"        { address = 0 unit = "mg/L" }
point "ph"        { address = 2 unit = "-" }
point "temp"      { address = 4 unit = "℃" }
point "ec"        { address = 6 unit = "μS/cm" }
point "turbidity" { address = 8 unit = "NTU" }
