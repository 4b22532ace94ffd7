/* Futures: what may come otherwise, how likely it is, and when it is known. */
#include "workloads/scenario_private.h"

#include "base/err.h"
#include "base/mem.h"
#include "workloads/scenario_change.h"

#include <math.h>

/* Probabilities are written with few digits. */
#define SUM_TOLERANCE 1e-6

struct future_row {
    const char *id;
    double probability;
    date_month known_from;
};

#define AT(member) offsetof(struct future_row, member)
static const struct xml_field FUTURE_FIELDS[] = {
    {"id", XML_ID, XML_REQUIRED, AT(id), 0, 0, NULL},
    {"probability", XML_NUMBER, XML_REQUIRED, AT(probability), SCENARIO_SHARE_MIN, 1, NULL},
    {"known-from", XML_MONTH, XML_REQUIRED, AT(known_from), 0, 0, NULL},
};
#undef AT

static const char *const FUTURE_CHILDREN[] = {"change", NULL};

struct change_row {
    const char *what;
    double factor;
    int64_t months;
    date_month from;
};

#define AT(member) offsetof(struct change_row, member)
static const struct xml_field CHANGE_FIELDS[] = {
    {"what", XML_TEXT, XML_REQUIRED, AT(what), 0, 0, NULL},
    {"factor", XML_NUMBER, XML_OPTIONAL, AT(factor), 0, SCENARIO_CHANGE_MAX, NULL},
    {"months", XML_COUNT, XML_OPTIONAL, AT(months), -SCENARIO_MONTHS_MAX, SCENARIO_MONTHS_MAX,
        NULL},
    {"from", XML_MONTH, XML_OPTIONAL, AT(from), 0, 0, NULL},
};
#undef AT

/* What of a change goes with which kind of thing. */
#define BIT(kind) (1u << (kind))
#define DATED (BIT(CHANGE_POWER) | BIT(CHANGE_DEMAND) | BIT(CHANGE_SUPPLY))
static const struct {
    const char *name;
    unsigned kinds;
} GOES_WITH[] = {
    {"factor", ~BIT(CHANGE_AVAILABLE)},
    {"months", DATED | BIT(CHANGE_AVAILABLE)},
    {"from", DATED | BIT(CHANGE_ENERGY)},
};

static void check_attributes(
    struct scenario_reader *r, const struct xml_node *node, enum change_kind kind)
{
    if (xml_attribute(node, "factor") == NULL && xml_attribute(node, "months") == NULL)
        (void)xml_fault(node, r->faults, "it changes nothing; give a factor or months");
    for (size_t i = 0; i < COUNT(GOES_WITH); i++)
        if (xml_attribute(node, GOES_WITH[i].name) != NULL && (GOES_WITH[i].kinds & BIT(kind)) == 0)
            (void)xml_fault(node, r->faults, "%s does not go with \"%s\"; leave it out",
                GOES_WITH[i].name, CHANGE_KIND_NAMES[kind]);
}

/* The work of a window that is moved past the horizon could not be done. */
static void check_windows(
    struct scenario_reader *r, const struct xml_node *node, const struct scenario_change *change)
{
    const struct scenario *sc = r->scenario;

    if (change->kind != CHANGE_DEMAND || change->months == 0)
        return;
    for (int j = 0; j < sc->workload_count; j++) {
        const struct workload *w = &sc->workloads[j];

        if (w->kind != WORKLOAD_INFERENCE && (change->index < 0 || change->index == j) &&
            !scenario_has_period(sc, w->start + change->months, w->end + change->months))
            (void)xml_fault(node, r->faults,
                "no period starts in the window of %s then; move it by less", w->id);
    }
}

static void read_change(
    struct scenario_reader *r, const struct xml_node *node, struct scenario_change *out)
{
    struct change_row row = {.factor = 1, .from = DATE_MONTH_NONE};
    struct err err = {0};

    if (scenario_read_leaf(r, node, CHANGE_FIELDS, COUNT(CHANGE_FIELDS), &row) != 0)
        return;
    if (scenario_change_parse(r->scenario, row.what, out, &err) != 0) {
        (void)xml_fault(node, r->faults, "%s", err.text);
        return;
    }
    out->factor = row.factor;
    out->months = (int)row.months;
    out->from = row.from;
    check_attributes(r, node, out->kind);
    check_windows(r, node, out);
}

static void read_changes(
    struct scenario_reader *r, const struct xml_node *node, struct future *future)
{
    int count = scenario_count(r, node, "change", SCENARIO_CHANGES_MAX);
    struct scenario_change *changes = arena_zero(r->arena, (size_t)count, sizeof *changes);
    const struct xml_node *child = xml_first_named(node, "change");

    for (int i = 0; i < count; i++, child = xml_next_named(child, "change"))
        read_change(r, child, &changes[i]);
    future->changes = changes;
    future->change_count = count;
}

static void read_future(
    struct scenario_reader *r, const struct xml_node *node, struct ids *ids, struct future *future)
{
    struct future_row row = {.known_from = DATE_MONTH_NONE};

    (void)xml_check_children(node, FUTURE_CHILDREN, false, r->faults);
    (void)xml_read(node, FUTURE_FIELDS, COUNT(FUTURE_FIELDS), &row, r->arena, r->faults);
    scenario_add_id(r, ids, row.id, "future", node);
    *future = (struct future){.id = row.id,
        .probability = row.probability,
        .known_from = row.known_from,
        .where = scenario_where(r, node)};
    read_changes(r, node, future);
}

static void check_sum(struct scenario_reader *r, const struct xml_node *last)
{
    double sum = 0;

    for (int i = 0; i < r->scenario->future_count; i++)
        sum += r->scenario->futures[i].probability;
    if (fabs(sum - 1) > SUM_TOLERANCE)
        (void)xml_fault(
            last, r->faults, "the probabilities of all futures sum to %.6g, and not to 1", sum);
}

void scenario_read_futures(struct scenario_reader *r)
{
    int count = scenario_count(r, r->root, "future", SCENARIO_FUTURES_MAX);
    struct future *futures = arena_zero(r->arena, (size_t)count, sizeof *futures);
    const struct xml_node *node = xml_first_named(r->root, "future");
    const struct xml_node *last = node;
    struct ids ids = {0};

    if (r->faults->error_count > r->errors_before || count == 0)
        return;
    for (int i = 0; i < count; i++, node = xml_next_named(node, "future")) {
        read_future(r, node, &ids, &futures[i]);
        last = node;
    }
    r->scenario->futures = futures;
    r->scenario->future_count = count;
    if (r->faults->error_count == r->errors_before)
        check_sum(r, last);
    ids_fini(&ids);
}
