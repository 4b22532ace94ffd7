/*
 * systems_rows: the rows of `wattyard systems`: every system of a catalog, with the prices that
 * options or a scenario's offers give.
 */
#ifndef PLANNER_SYSTEMS_ROWS_H
#define PLANNER_SYSTEMS_ROWS_H

#include "base/options.h"
#include "planner/systems_figures.h"

#include <stddef.h>

struct arena;
struct err;

/* Prices by hand, each "SYSTEM=DOLLARS". */
struct system_price_options {
    struct option_list price;      /* a system-hour */
    struct option_list chip_price; /* a chip-hour */
    struct option_list capex;      /* one system */
    struct option_list opex;       /* one system, a year */
};

struct systems_rows {
    struct system_figures *rows; /* in the arena */
    size_t count;
    bool has_prices;
    bool has_work;
};

/*
 * One row for each system and price: prices by hand go before offers; a system without any has one
 * row. `scenario` may be NULL (then no offers). `workload` says whose rates are used, or NULL;
 * else `model` (may be NULL) and whether it is training. -1 with ERR_USAGE: an option is wrong.
 */
struct systems_query {
    const struct catalog *catalog;
    const struct scenario *scenario;
    const struct system_price_options *prices;
    const struct workload *workload;
    const struct model_shape *model;
    bool is_training;
    struct system_settings settings;
};
int systems_rows_make(const struct systems_query *query, struct arena *arena,
    struct systems_rows *out, struct err *err);

#endif
