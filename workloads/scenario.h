/*
 * scenario: what a capacity plan starts from: a horizon, sites, offers, workloads, and the limits
 * that people and contracts set. Plain data, resolved (ids have become indices), checked, immutable
 * once loaded. Symbols in the comments are those of the planning model.
 */
#ifndef WORKLOADS_SCENARIO_H
#define WORKLOADS_SCENARIO_H

#include "topologies/catalog.h"
#include "topologies/dated.h"
#include "topologies/site.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct faults;
struct scenario_change;

/* No file may hold more; what is over is an input error. */
enum {
    SCENARIO_PERIODS_MAX = 1200,
    SCENARIO_SITES_MAX = 1000,
    SCENARIO_OFFERS_MAX = 10000,
    SCENARIO_WORKLOADS_MAX = 10000,
    SCENARIO_REGIONS_MAX = 100000, /* of all workloads together */
    SCENARIO_RULES_MAX = 10000,    /* of budgets, of commitments, of limits */
    SCENARIO_SURVIVE_REGIONS_MAX = 6,
    SCENARIO_FUTURES_MAX = 50,
    SCENARIO_CHANGES_MAX = 10000 /* of one future */
};

struct horizon {
    date_month start;
    date_month end; /* the first month after it (the file's `end` is its last month) */
    int step_months;
    double discount_rate;
    bool has_salvage;
    double carbon_usd_per_tonne;
    struct where where;
};

/* t: a step of the horizon. */
struct period {
    date_month start;
    int month_count; /* M_t */
    double hours;    /* h_t */
    double discount; /* delta_t */
};

enum offer_kind { OFFER_BUY, OFFER_RESERVE, OFFER_ON_DEMAND };

/* Systems that stand already when the horizon starts (index e in `keep`). */
struct existing {
    int site;
    double count;
    date_month acquired;
    struct where where;
};

struct offer {
    const char *id;
    int system; /* index into the catalog */
    const char *provider;
    const bool *is_at_site; /* by site: may it be acquired there */
    enum offer_kind kind;
    int term_months; /* 0: no end. Never 0 for capex, reserve, on-demand */
    double capex_usd;
    double opex_usd_per_year;
    double usd_per_system_hour;
    date_month from;
    date_month to; /* exclusive */
    int lead_months;
    bool is_interruptible; /* spot */
    double max_systems;    /* INFINITY: no limit */
    bool has_supply;
    struct dated supply_per_month;
    const struct existing *existing;
    int existing_count;
    struct where where;
};

enum workload_kind { WORKLOAD_TRAINING, WORKLOAD_INFERENCE, WORKLOAD_BATCH };

struct model_shape {
    double active_params;
    double total_params;
    enum precision precision;
    double kv_bytes_per_token;
    double context_tokens;
    int chips;          /* that one replica spans */
    double max_tpot_ms; /* INFINITY: no limit */
    double input_tokens_per_output;
    struct where where;
};

/* Units per hour of one workload on one system at full throughput, with how it is known. */
struct rate {
    double units_per_hour; /* 0: it can't run there */
    bool is_derived;
    const char *zero_reason; /* why a derived rate is 0, else NULL */
    struct where where;      /* of a measured one: its <rate>, or its row in a file of rates */
};

/* g: one region's demand over time. */
struct region_demand {
    const char *region; /* NULL: one demand without a place */
    const bool
        *may_use; /* by site: jurisdiction and latency allow it, and the workload may use it */
    struct dated units_per_hour;
    struct where where;
};

struct porting {
    const char *stack;
    double usd;
    struct where where;
};

struct workload {
    const char *id;
    enum workload_kind kind;
    double value_usd_per_unit;
    bool is_required;
    bool is_interruptible;
    double power_frac;   /* pi */
    double load_factor;  /* lf; 1 for training and batch */
    double survive_frac; /* phi of survive-site; 0: not asked for */
    double volume_units; /* W; training and batch */
    double max_systems;  /* INFINITY: no limit */
    int sites_max;       /* 0: no limit */
    date_month start;    /* training, batch: periods with start <= start_t < end; inference: all */
    date_month end;
    const bool *may_use;             /* by site: `sites` and `jurisdictions` allow it */
    const struct model_shape *model; /* NULL: none */
    const struct rate *rates;        /* by system */
    const struct region_demand *regions;
    int region_count;
    const struct porting *portings;
    int porting_count;
    struct where where;
};

enum budget_kind { BUDGET_CAPEX, BUDGET_OPERATING, BUDGET_TOTAL, BUDGET_CARBON };

struct budget {
    const char *id;
    enum budget_kind kind;
    const char *provider; /* NULL: of all */
    date_month from, to;
    double limit; /* dollars, or tonnes for BUDGET_CARBON */
    struct where where;
};

enum commitment_kind { COMMITMENT_POWER, COMMITMENT_SPEND };

struct commitment {
    const char *id;
    enum commitment_kind kind;
    const bool *counts_system; /* power: by system */
    const char *provider;      /* spend */
    date_month from, to;
    double mw;
    double usd;
    double shortfall_usd_per_mw_month; /* power; NAN: no shortfall is allowed */
    struct where where;
};

/* A share of nameplate power that systems of one vendor, stack or kind may have at most. */
struct share_limit {
    const char *id;
    const char *attribute; /* "vendor", "stack", "system" */
    const char *value;
    const bool *counts_system; /* by system */
    double max_share;
    date_month from, to;
    struct where where;
};

/* One way in which things may come. What is decided before it is known which one does is the same
 * in all futures that are not told apart yet. */
struct future {
    const char *id;
    double probability;    /* > 0; of all futures 1 */
    date_month known_from; /* from then on it is known whether this one comes */
    const struct scenario_change *changes;
    int change_count;
    struct where where;
};

struct scenario {
    const char *name;
    const char *path;
    struct catalog catalog;
    struct horizon horizon;
    const struct period *periods;
    int period_count;
    const struct site *sites;
    int site_count;
    const struct offer *offers;
    int offer_count;
    const struct workload *workloads;
    int workload_count;
    const struct budget *budgets;
    int budget_count;
    const struct commitment *commitments;
    int commitment_count;
    const struct share_limit *limits;
    int limit_count;
    const struct future *futures; /* none: things come as they stand here */
    int future_count;
    struct arena *arena; /* owns all of it */
};

/*
 * Read, resolve and check a scenario file. `data_folder` (may be NULL) also holds catalog.xml for
 * includes. On a fault returns NULL; warnings may be in the list also on success. The caller
 * releases the scenario with scenario_destroy.
 */
struct scenario *scenario_load(const char *path, const char *data_folder, struct faults *faults);

/* The same from memory, for tests and fuzzing; nothing is included. */
struct scenario *scenario_parse(
    const char *bytes, size_t count, const char *name, struct faults *faults);

void scenario_destroy(struct scenario *scenario);

/* For plans of whole systems: warns of each offer whose supply is above 0 and below one system in a
 * period, since none can come of it. */
void scenario_warn_whole_systems(const struct scenario *scenario, struct faults *faults);

/* May workload j run in period t (its window)? */
bool workload_is_open(const struct workload *workload, const struct period *period);

/* May systems be acquired under the offer at this site in this period (`acq` exists)? */
bool offer_is_open(const struct scenario *scenario, const struct offer *offer, int site,
    const struct period *period);

/* Does a system that came into service in period `acquired` still count in `now`? */
bool offer_is_in_term(const struct offer *offer, date_month acquired, date_month now);

/* Supply in systems of a period; INFINITY without <supply>. */
double offer_supply(const struct offer *offer, const struct period *period);

/* Peak demand of a region in a period, units per hour. */
double region_demand_at(const struct region_demand *region, const struct period *period);

extern const char *const OFFER_KIND_NAMES[];
extern const char *const WORKLOAD_KIND_NAMES[];
extern const char *const BUDGET_KIND_NAMES[];
extern const char *const COMMITMENT_KIND_NAMES[];

#endif
