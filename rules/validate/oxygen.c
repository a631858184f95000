/* SPDX-License-Identifier: Apache-2.0 */
/* What water can hold of oxygen. */
#include "wq/health.h"

#include <math.h>

#define KELVIN 273.15

double wq_oxygen_soluble(double celsius)
{
	const double t = celsius + KELVIN;

	if (!(celsius >= 0 && celsius <= 40))
		return NAN;
	return exp(-139.34411 + 1.575701e5 / t - 6.642308e7 / (t * t) + 1.243800e10 / (t * t * t) -
	        8.621949e11 / (t * t * t * t));
}
