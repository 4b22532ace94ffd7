/* What the readers of a scenario's elements have in common. */
#include "workloads/scenario_private.h"

#include "base/mem.h"
#include "base/str.h"

static const char *const NO_CHILDREN[] = {NULL};

struct where scenario_where(struct scenario_reader *r, const struct xml_node *node)
{
    return keeper_where(&r->keeper, xml_where(node));
}

int scenario_count(
    struct scenario_reader *r, const struct xml_node *node, const char *name, int max)
{
    int count = 0;

    for (node = xml_first_named(node, name); node != NULL; node = xml_next_named(node, name)) {
        if (count == max) {
            (void)xml_fault(
                node, r->faults, "there are more than %d <%s>; leave some out", max, name);
            break;
        }
        count++;
    }
    return count;
}

int scenario_read_leaf(struct scenario_reader *r, const struct xml_node *node,
    const struct xml_field *fields, size_t field_count, void *out)
{
    int children = xml_check_children(node, NO_CHILDREN, false, r->faults);
    int attributes = xml_read(node, fields, field_count, out, r->arena, r->faults);

    return children == 0 && attributes == 0 ? 0 : -1;
}

const struct xml_node *scenario_only_child(
    struct scenario_reader *r, const struct xml_node *node, const char *name, enum xml_need need)
{
    const struct xml_node *child = xml_first_named(node, name);

    if (child == NULL && need == XML_REQUIRED)
        (void)xml_fault(node, r->faults, "it has no <%s>; add one", name);
    if (child != NULL && xml_next_named(child, name) != NULL)
        (void)xml_fault(xml_next_named(child, name), r->faults,
            "there is a <%s> at line %ld already; keep one of them", name, xml_where(child).line);
    return child;
}

void scenario_add_id(struct scenario_reader *r, struct ids *ids, const char *id, const char *kind,
    const struct xml_node *node)
{
    if (id != NULL && ids_add(ids, id) < 0)
        (void)xml_fault(node, r->faults, "another %s has this id; give each its own", kind);
}

const bool *scenario_resolve(struct scenario_reader *r, const struct xml_node *node,
    const char *attribute, const struct xml_ids *list, const struct ids *ids, const char *kind)
{
    bool *chosen = arena_zero(r->arena, ids->count, sizeof *chosen);

    for (size_t i = 0; list->ids == NULL && i < ids->count; i++)
        chosen[i] = true;
    for (size_t i = 0; i < list->count; i++) {
        int index = ids_resolve(ids, list->ids[i], kind, node, attribute, r->faults);

        if (index >= 0)
            chosen[index] = true;
    }
    return chosen;
}

const bool *scenario_restrict_to_jurisdictions(
    const struct scenario_reader *r, const struct xml_ids *list, const bool *sites)
{
    int site_count = r->scenario->site_count;
    bool *allowed = mem_zero(r->jurisdictions.count, sizeof *allowed);
    bool *chosen = arena_copy(r->arena, sites, (size_t)site_count, sizeof *chosen);

    for (size_t i = 0; i < list->count; i++) {
        int index = ids_find(&r->jurisdictions, list->ids[i]);

        if (index >= 0)
            allowed[index] = true;
    }
    for (int s = 0; list->ids != NULL && s < site_count; s++)
        if (r->site_jurisdiction[s] < 0 || !allowed[r->site_jurisdiction[s]])
            chosen[s] = false;
    mem_free(allowed);
    return chosen;
}

bool scenario_has_period(const struct scenario *scenario, date_month from, date_month to)
{
    const struct horizon *h = &scenario->horizon;
    date_month first = h->start;

    if (from > h->start)
        first += (from - h->start + h->step_months - 1) / h->step_months * h->step_months;
    return first < to && first < h->end;
}

void scenario_default_window(const struct scenario_reader *r, date_month *from, date_month *to)
{
    if (*from == DATE_MONTH_NONE)
        *from = r->scenario->horizon.start;
    if (*to == DATE_MONTH_NONE)
        *to = r->scenario->horizon.end;
}

static void fault_window(struct scenario_reader *r, const struct xml_node *node,
    const char *from_name, const char *to_name, date_month from, date_month to)
{
    const struct horizon *h = &r->scenario->horizon;
    char from_text[DATE_TEXT_SIZE];
    char to_text[DATE_TEXT_SIZE];
    char start_text[DATE_TEXT_SIZE];

    (void)xml_fault(node, r->faults,
        "no period starts in its window, %s %s, %s %s (exclusive); periods start in %s and each "
        "%d %s after; widen it",
        from_name, date_format_month(from, from_text), to_name, date_format_month(to, to_text),
        date_format_month(h->start, start_text), h->step_months,
        str_plural(h->step_months, "month", "months"));
}

void scenario_settle_window(struct scenario_reader *r, const struct xml_node *node,
    const char *from_name, const char *to_name, date_month *from, date_month *to)
{
    scenario_default_window(r, from, to);
    if (r->is_horizon_good && !scenario_has_period(r->scenario, *from, *to))
        fault_window(r, node, from_name, to_name, *from, *to);
}

/* Is the attribute, or the child in "<>", there? */
static bool is_there(const struct xml_node *node, const char *name)
{
    char child[64] = "";

    if (name[0] != '<')
        return xml_attribute(node, name) != NULL;
    for (size_t i = 0; i + 1 < sizeof child && name[i + 1] != '>'; i++)
        child[i] = name[i + 1];
    return xml_first_named(node, child) != NULL;
}

int scenario_check_kind(struct scenario_reader *r, const struct xml_node *node,
    const struct kind_rule *rules, size_t rule_count, int kind, const char *kind_name)
{
    int rc = 0;

    for (size_t i = 0; i < rule_count; i++) {
        bool is_allowed = (rules[i].allowed_kinds & 1u << kind) != 0;
        bool is_needed = (rules[i].needed_kinds & 1u << kind) != 0;

        if (!is_allowed && is_there(node, rules[i].name))
            rc = xml_fault(node, r->faults, "%s does not go with kind=\"%s\"; leave it out",
                rules[i].name, kind_name);
        if (is_needed && !is_there(node, rules[i].name))
            rc = xml_fault(
                node, r->faults, "%s is missing; kind=\"%s\" needs it", rules[i].name, kind_name);
    }
    return rc;
}
