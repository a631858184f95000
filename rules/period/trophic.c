/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers beside the class: oxygen saturation, trophic level index. */
#include "wq/period.h"

#include <math.h>

double wq_oxygen_saturation(double oxygen, double temperature)
{
	return 100 * oxygen * (31.6 + temperature) / 468;
}

/* TLI = 10 (a + b ln x), and its weight in the whole: formulas and weights as in general use for
 * Chinese lakes (several independent implementations agree; chlorophyll in mg/m3). */
static const struct {
	double a, b, weight;
} terms[] = {
	{ 2.5, 1.086, 0.2663 },   /* chlorophyll a */
	{ 9.436, 1.624, 0.1879 }, /* total phosphorus */
	{ 5.453, 1.694, 0.1790 }, /* total nitrogen */
	{ 5.118, -1.94, 0.1834 }, /* transparency */
	{ 0.109, 2.661, 0.1834 }, /* permanganate index */
};
enum { TRANSPARENCY = 3, TERMS = 5 };

double wq_trophic_index(const struct wq_trophic *inputs, bool *whole)
{
	const double values[TERMS] = { inputs->chlorophyll, inputs->phosphorus, inputs->nitrogen,
		inputs->transparency, inputs->permanganate };
	double sum = 0, weights = 0;

	*whole = !isnan(values[TRANSPARENCY]);
	for (int i = 0; i < TERMS; i++) {
		if (i == TRANSPARENCY && !*whole)
			continue;
		if (!(values[i] > 0))
			return (double)NAN;
		sum += terms[i].weight * 10 * (terms[i].a + terms[i].b * log(values[i]));
		weights += terms[i].weight;
	}
	return sum / weights;
}

const char *wq_trophic_name(double index)
{
	if (isnan(index))
		return "";
	return index < 30     ? "贫营养"
	        : index <= 50 ? "中营养"
	        : index <= 60 ? "轻度富营养"
	        : index <= 70 ? "中度富营养"
	                      : "重度富营养";
}
