/* SPDX-License-Identifier: Apache-2.0 */
/* A trend under AR(1) noise, averaged over what its correlation may be. */
#include "ar1.h"

#include "ranks.h"

#include "wq/trend.h"

#include <math.h>
#include <stdbool.h>

#define STEPS 100 /* φ = 0 … (STEPS - 1) / STEPS */

/* Below so many values the average is a little too sure: see short_of(). */
#define SURE 30

/* u'Q v of the tridiagonal Q that whitens AR(1) noise of unit innovations, a polynomial in φ: its three sums. */
struct form {
	double all, inner, neighbours;
};

static double at(struct form f, double phi)
{
	return f.all + phi * (phi * f.inner - f.neighbours);
}

/* The forms of a constant c, the times t and the values y, both about their means: what is reckoned from them is then
 * small against nothing. */
struct forms {
	struct form cc, ct, tt, cy, ty, yy;
};

static double mean_of(const double *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return sum / (double)n;
}

static struct forms forms_of(const double *t, const double *y, size_t n)
{
	const double mean_t = mean_of(t, n), mean_y = mean_of(y, n);
	struct forms f = { 0 };
	double last_t = 0, last_y = 0;

	for (size_t i = 0; i < n; i++) {
		const double u[] = { 1, t[i] - mean_t, y[i] - mean_y };
		const double before[] = { 1, last_t, last_y };
		struct form *const of[3][3] = { { &f.cc, &f.ct, &f.cy }, { NULL, &f.tt, &f.ty }, { NULL, NULL, &f.yy } };

		for (size_t a = 0; a < 3; a++)
			for (size_t b = a; b < 3; b++) {
				of[a][b]->all += u[a] * u[b];
				of[a][b]->inner += i > 0 && i + 1 < n ? u[a] * u[b] : 0;
				of[a][b]->neighbours += i > 0 ? u[a] * before[b] + before[a] * u[b] : 0;
			}
		last_t = u[1];
		last_y = u[2];
	}
	return f;
}

struct fit {
	double t;      /* of the slope */
	double weight; /* logarithm of the restricted likelihood */
};

/* False: the values lie on a line. */
static bool fit(const struct forms *f, double phi, size_t n, struct fit *fit)
{
	const double cc = at(f->cc, phi), ct = at(f->ct, phi), tt = at(f->tt, phi);
	const double cy = at(f->cy, phi), ty = at(f->ty, phi), yy = at(f->yy, phi);
	const double determinant = cc * tt - ct * ct, freedom = (double)n - 2;
	const double slope = (cc * ty - ct * cy) / determinant, level = (tt * cy - ct * ty) / determinant;
	const double rest = yy - level * cy - slope * ty;

	if (!(rest > 1e-12 * yy))
		return false;
	fit->t = slope / sqrt(rest / freedom * cc / determinant);
	fit->weight = (log1p(-phi * phi) - log(determinant) - freedom * log(rest)) / 2;
	return true;
}

/* Of few values the likelihood of φ is so flat that much of the average is of a φ below the true one: at φ = .8 and n = 18 trends that
 * are none come to .080 at a nominal .05, where .071 of n = 30 need no help. So p grows by as much as the values are short of thirty,
 * 1 + (30 - n)/75: 1.16 at 18. */
static double short_of(size_t n)
{
	return n < SURE ? 1 + (double)(SURE - n) / 75 : 1;
}

double ar1_p(const double *t, const double *y, size_t n)
{
	struct forms forms;
	struct fit fits[STEPS];
	double best = -INFINITY, sum = 0, weights = 0;

	if (n < 4)
		return 1;
	forms = forms_of(t, y, n);
	if (!(forms.yy.all > 0))
		return 1;
	for (size_t i = 0; i < STEPS; i++) {
		if (!fit(&forms, (double)i / STEPS, n, &fits[i]))
			return 0;
		best = fmax(best, fits[i].weight);
	}
	for (size_t i = 0; i < STEPS; i++) {
		const double weight = exp(fits[i].weight - best);

		/* What weighs a billionth of the best changes no digit that is read. */
		if (weight < 1e-9)
			continue;
		weights += weight;
		sum += weight * wq_student_p(fits[i].t, (double)n - 2);
	}
	return fmin(1, short_of(n) * sum / weights);
}

void ar1_scores(double *ranks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ranks[i] = wq_normal_quantile((ranks[i] - 0.5) / (double)n);
}

double ar1_p_of(const double *t, const double *x, size_t n)
{
	double scores[WQ_TREND_POINTS], sorted[WQ_TREND_POINTS], places[WQ_TREND_POINTS];

	ranks_of(x, n, 0, scores, sorted, places);
	ar1_scores(scores, n);
	return ar1_p(t, scores, n);
}
