# SPDX-License-Identifier: Apache-2.0
# Yosemitech Y4000 multiprobe, function 3: 16 registers from 0x2601, all bytes reversed.
#
# Sureness: good for positions and order. Conductivity (0x2605), ORP (0x260B), chlorophyll (0x260D) and blue-green algae
# (0x260F) have units that are not told: write points of your own for them,
#	point "ec" { … unit = "mS/cm" address = 0x2605 order = "DCBA" }

point "*"         { type = "float32" order = "DCBA" }
point "do"        { address = 0x2601 unit = "mg/L" }
point "turbidity" { address = 0x2603 unit = "NTU" }
point "ph"        { address = 0x2607 unit = "-" }
point "temp"      { address = 0x2609 unit = "℃" }
