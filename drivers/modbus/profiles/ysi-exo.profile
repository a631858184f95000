# SPDX-License-Identifier: Apache-2.0
# YSI EXO sondes behind the SOA adapter, 9600 8N1, function 3.
#
# Sureness: weak. The positions are from working code that reads with modbus_get_float_dcba, a function whose meaning has
# changed between releases of its library: DCBA is assumed, check it with `wqctl probe`. Whether the numbers count from 0
# is not told either. 391 NH4, 393 NO3, 395 oxygen in %, 399 fDOM, 413 conductivity, 415 specific conductance.

point "*"         { type = "float32" order = "DCBA" }
point "do"        { address = 397 unit = "mg/L" }
point "turbidity" { address = 405 unit = "NTU" }
point "temp"      { address = 409 unit = "℃" }
