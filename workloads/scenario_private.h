/*
 * What the files that load a scenario share. A load goes through the file once, element by element,
 * in an order in which what is referred to comes first (catalog, horizon, sites, offers, workloads,
 * budgets, commitments, limits), and then checks what only the whole can show. Each step collects
 * faults and goes on; what a fault makes unknowable is left alone, so that one mistake is told
 * once.
 */
#ifndef WORKLOADS_SCENARIO_PRIVATE_H
#define WORKLOADS_SCENARIO_PRIVATE_H

#include "base/faults.h"
#include "base/keeper.h"
#include "base/xml.h"
#include "topologies/ids.h"
#include "workloads/scenario.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Where numbers of a kind end, so that no product of them overflows. */
#define SCENARIO_UNITS_MAX 1e30 /* volumes and rates: units may be single operations */
#define SCENARIO_USD_MAX 1e15
#define SCENARIO_SYSTEMS_MAX 1e9
#define SCENARIO_MONTHS_MAX 1200
#define SCENARIO_CHANGE_MAX 1e6 /* of a factor */
#define SCENARIO_SHARE_MIN 1e-6 /* where 0 makes no sense */

/* Latency from a demand region to a site. */
struct latency {
    const char *region;
    int site;
    double ms;
    struct where where;
};

struct scenario_reader {
    const struct xml_node *root;
    struct scenario *scenario;
    struct arena *arena;
    struct faults *faults;
    size_t errors_before; /* faults that are not of this file */
    struct keeper keeper;

    struct ids systems, sites;
    struct ids jurisdictions;  /* of the sites */
    int *site_jurisdiction;    /* by site: index into jurisdictions; -1: not known */
    struct latency *latencies; /* by region, then site */
    size_t latency_count;
    size_t latency_capacity;

    bool is_catalog_good;
    bool is_horizon_good;
    bool are_sites_good; /* sites and latencies */
    bool are_offers_good;
    bool *is_workload_good; /* by workload */
    int region_count;       /* of all workloads so far */
};

/* --- Steps, in order. Each fills its part of the scenario. */

void scenario_read_horizon(struct scenario_reader *r);
void scenario_read_sites(struct scenario_reader *r);
void scenario_read_latencies(struct scenario_reader *r);
void scenario_read_offers(struct scenario_reader *r);
void scenario_read_workloads(struct scenario_reader *r);
void scenario_read_budgets(struct scenario_reader *r);
void scenario_read_commitments(struct scenario_reader *r);
void scenario_read_limits(struct scenario_reader *r);
/* Last, and only where all else is good: changes are of what is there. */
void scenario_read_futures(struct scenario_reader *r);
/* What only the whole can show. */
void scenario_check(struct scenario_reader *r);
/* Of a good scenario whose rates or power fractions were changed: what of it no longer holds. */
void scenario_check_workloads(struct scenario *scenario, struct faults *faults);

/* --- Parts of a workload. */

/* The <demand> rows of an inference workload, as regions. */
void scenario_read_demand(
    struct scenario_reader *r, const struct xml_node *node, struct workload *workload);

/* The <model>, or NULL where there is none, or none that is good. */
const struct model_shape *scenario_read_model(
    struct scenario_reader *r, const struct xml_node *workload, enum workload_kind kind);

/* The rates by system: those of <rate> rows, and derived ones from the model. */
const struct rate *scenario_read_rates(
    struct scenario_reader *r, const struct xml_node *node, const struct workload *workload);

/* --- Tools. */

/* Where the node stands, with a file name that lives as long as the scenario. */
struct where scenario_where(struct scenario_reader *r, const struct xml_node *node);

/* Children of that name, at most max of them (one more is a fault). */
int scenario_count(
    struct scenario_reader *r, const struct xml_node *node, const char *name, int max);

/* The attributes of a child that has no children. Returns 0 or -1. */
int scenario_read_leaf(struct scenario_reader *r, const struct xml_node *node,
    const struct xml_field *fields, size_t field_count, void *out);

/* The only child of that name; NULL, with a fault if `need` says so, when there is none. More than
 * one is a fault. */
const struct xml_node *scenario_only_child(
    struct scenario_reader *r, const struct xml_node *node, const char *name, enum xml_need need);

/* Faults an id that was there before, among things called `kind`. */
void scenario_add_id(struct scenario_reader *r, struct ids *ids, const char *id, const char *kind,
    const struct xml_node *node);

/* Which of the ids a list of references names; an unknown one is a fault. A list that was not given
 * (ids NULL) names all. By index, in the arena. */
const bool *scenario_resolve(struct scenario_reader *r, const struct xml_node *node,
    const char *attribute, const struct xml_ids *list, const struct ids *ids, const char *kind);

/* Of these sites, those whose jurisdiction is in the list; no list (ids NULL): all of them. By
 * site, in the arena. */
const bool *scenario_restrict_to_jurisdictions(
    const struct scenario_reader *r, const struct xml_ids *list, const bool *sites);

/* `from` and `to` where none were given: the horizon's. */
void scenario_default_window(const struct scenario_reader *r, date_month *from, date_month *to);

/* The same, and a fault when no period starts in the window; names are those of the attributes. */
void scenario_settle_window(struct scenario_reader *r, const struct xml_node *node,
    const char *from_name, const char *to_name, date_month *from, date_month *to);

/* Does a period of the horizon start in [from, to)? */
bool scenario_has_period(const struct scenario *scenario, date_month from, date_month to);

/* Which attributes (or "<child>" elements) of an element belong to which of its kinds. */
struct kind_rule {
    const char *name;       /* "usd", or "<volume>" for a child */
    unsigned allowed_kinds; /* bits 1u << kind */
    unsigned needed_kinds;
};

/* Faults what is there and does not belong to the kind, and what is missing. Returns 0 or -1. */
int scenario_check_kind(struct scenario_reader *r, const struct xml_node *node,
    const struct kind_rule *rules, size_t rule_count, int kind, const char *kind_name);

#endif
