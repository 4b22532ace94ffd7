/*
 * systems_figures: a system's figures of work, power and money, and what follows from them: watts
 * and dollars per PFLOP and per GB/s, the whole cost of an hour, tokens for a dollar and a joule.
 * Every figure knows whether an estimate stands behind it.
 */
#ifndef PLANNER_SYSTEMS_FIGURES_H
#define PLANNER_SYSTEMS_FIGURES_H

#include "workloads/scenario.h"

#include <stdbool.h>

enum system_figure {
    FIGURE_CHIPS,
    FIGURE_RACKS,
    FIGURE_BF16_PFLOPS, /* dense, of the whole system */
    FIGURE_FP8_PFLOPS,
    FIGURE_FP4_PFLOPS,
    FIGURE_HBM_TB,
    FIGURE_HBM_TB_PER_S,
    FIGURE_POWER_KW,    /* IT, full load */
    FIGURE_PRICE_USD,   /* having it for settings.years, without energy */
    FIGURE_W_PER_PFLOP, /* at settings.precision, as all that is per PFLOP */
    FIGURE_USD_PER_PFLOP,
    FIGURE_W_PER_GB_PER_S,
    FIGURE_USD_PER_GB_PER_S,
    FIGURE_HOLD_USD_PER_CHIP_HOUR,
    FIGURE_HOLD_USD_PER_HOUR, /* capital, upkeep and rent */
    FIGURE_ENERGY_USD_PER_HOUR,
    FIGURE_TOTAL_USD_PER_HOUR,
    FIGURE_USD_PER_PFLOP_HOUR,
    FIGURE_TOKENS_PER_HOUR, /* of a running system */
    FIGURE_USD_PER_MILLION_TOKENS,
    FIGURE_JOULES_PER_MILLION_TOKENS,
    FIGURE_COUNT
};

/* As in JSON and CSV; the unit stands in the name. */
extern const char *const SYSTEM_FIGURE_NAMES[FIGURE_COUNT];

/* What having one system costs. */
struct system_price {
    const char *offer; /* the scenario's; NULL: given by hand */
    double capex_usd;
    double years; /* that the capex is spread over */
    double opex_usd_per_year;
    double usd_per_hour;
    bool is_estimate;
};

struct system_settings {
    enum precision precision;
    double years;
    double discount_rate; /* cost of capital, a year */
    double usd_per_mwh;
    double pue;
};

/* How much of a model's work a system does; units_per_hour 0: it can't run there. */
struct system_work {
    double units_per_hour;
    bool is_derived;
    double power_frac; /* of full-load power while at it */
};

struct system_figures {
    const struct system *system;
    const char *offer;           /* NULL: none */
    double values[FIGURE_COUNT]; /* NAN: not known */
    bool is_estimate[FIGURE_COUNT];
};

/*
 * Reckon them. `price` and `work` may be NULL. A capital of C over n years costs C · r ÷ (1 − (1 +
 * r)^−n) a year, C ÷ n without a rate. Energy is that of full load at the meter. Tokens for money
 * and energy: a system that is down (availability) costs its price and draws no power.
 */
struct system_figures systems_figures_reckon(const struct system *system,
    const struct system_price *price, const struct system_work *work,
    const struct system_settings *settings);

/* The price of a chip-hour at which a PFLOP-hour of the system would cost `usd_per_pflop_hour`,
 * energy included; below 0 where energy alone costs more. NAN where the system has no price. */
double systems_even_chip_price(const struct system_figures *figures, double usd_per_pflop_hour);

#endif
