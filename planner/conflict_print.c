/* A conflict in words, with file and line, and as JSON. */
#include "base/date.h"
#include "base/json.h"
#include "base/str.h"
#include "base/units.h"
#include "planner/conflict.h"

#include <math.h>

const char *conflict_thing_id(const struct scenario *sc, struct conflict_thing thing)
{
    switch (thing.kind) {
    case CONFLICT_SITE_POWER:
    case CONFLICT_FLOOR:
        return sc->sites[thing.index].id;
    case CONFLICT_SUPPLY:
    case CONFLICT_OFFER_MAX:
        return sc->offers[thing.index].id;
    case CONFLICT_COMMITMENT:
        return sc->commitments[thing.index].id;
    case CONFLICT_BUDGET:
        return sc->budgets[thing.index].id;
    case CONFLICT_LIMIT:
        return sc->limits[thing.index].id;
    case CONFLICT_REQUIRED:
    case CONFLICT_WORKLOAD_MAX:
        return sc->workloads[thing.index].id;
    case CONFLICT_KIND_COUNT:
        break;
    }
    return "";
}

struct where conflict_thing_where(const struct scenario *sc, struct conflict_thing thing)
{
    switch (thing.kind) {
    case CONFLICT_SITE_POWER:
    case CONFLICT_FLOOR:
        return sc->sites[thing.index].where;
    case CONFLICT_SUPPLY:
    case CONFLICT_OFFER_MAX:
        return sc->offers[thing.index].where;
    case CONFLICT_COMMITMENT:
        return sc->commitments[thing.index].where;
    case CONFLICT_BUDGET:
        return sc->budgets[thing.index].where;
    case CONFLICT_LIMIT:
        return sc->limits[thing.index].where;
    case CONFLICT_REQUIRED:
    case CONFLICT_WORKLOAD_MAX:
        return sc->workloads[thing.index].where;
    case CONFLICT_KIND_COUNT:
        break;
    }
    return (struct where){NULL, 0};
}

static const char *const THING_WORDS[CONFLICT_KIND_COUNT] = {"power at site", "floor of site",
    "supply of offer", "max-systems of offer", "commitment", "budget", "limit", "required workload",
    "max-systems of workload"};

/* A longer set is listed where it is asked for. */
enum { SET_SHORT = 12 };

/* "site oregon: 60 MW from 2026-01, 140 MW from 2026-10" */
static void add_dated(struct str *out, const struct dated *dated, const char *unit)
{
    enum { SHOWN = 4 };
    char month[DATE_TEXT_SIZE];
    char amount[32];

    for (size_t i = 0; i < dated->count && i < SHOWN; i++)
        str_format(out, "%s%s %s from %s", i == 0 ? ": " : ", ",
            units_count(dated->rows[i].value, amount, sizeof amount), unit,
            date_format_month(dated->rows[i].from, month));
    if (dated->count > SHOWN)
        str_add(out, ", …");
}

static void add_facts(const struct scenario *sc, struct conflict_thing thing, struct str *out)
{
    char month[DATE_TEXT_SIZE];
    char amount[48];

    switch (thing.kind) {
    case CONFLICT_SITE_POWER:
        add_dated(out, &sc->sites[thing.index].power_mw, "MW");
        break;
    case CONFLICT_SUPPLY:
        add_dated(out, &sc->offers[thing.index].supply_per_month, "systems a month");
        break;
    case CONFLICT_COMMITMENT:
        str_format(out, ": %s MW from %s",
            units_count(sc->commitments[thing.index].mw, amount, sizeof amount),
            date_format_month(sc->commitments[thing.index].from, month));
        break;
    case CONFLICT_BUDGET:
        if (sc->budgets[thing.index].kind == BUDGET_CARBON)
            str_format(out, ": %s %s",
                units_count(sc->budgets[thing.index].limit, amount, sizeof amount),
                str_plural(sc->budgets[thing.index].limit == 1, "tonne", "tonnes"));
        else
            str_format(
                out, ": %s", units_money(sc->budgets[thing.index].limit, amount, sizeof amount));
        break;
    case CONFLICT_LIMIT:
        str_format(out, ": %s %s at most %s", sc->limits[thing.index].attribute,
            sc->limits[thing.index].value,
            units_percent(sc->limits[thing.index].max_share, amount, sizeof amount));
        break;
    case CONFLICT_FLOOR:
    case CONFLICT_OFFER_MAX:
    case CONFLICT_REQUIRED:
    case CONFLICT_WORKLOAD_MAX:
    case CONFLICT_KIND_COUNT:
        break;
    }
}

/* "power at site oregon: 8 MW from 2026-01" */
static void add_thing(const struct scenario *sc, struct conflict_thing thing, struct str *out)
{
    str_format(out, "%s %s", THING_WORDS[thing.kind], conflict_thing_id(sc, thing));
    add_facts(sc, thing, out);
}

static void print_thing(const struct scenario *sc, struct conflict_thing thing, FILE *stream)
{
    struct where where = conflict_thing_where(sc, thing);
    struct str words = {0};

    add_thing(sc, thing, &words);
    (void)fprintf(stream, "  %s:%ld   %s\n", where.file, where.line, str_text(&words));
    str_fini(&words);
}

/* With three decimals, rounded so that what is said is still enough. */
static const char *enough(double amount, bool is_more, char *buffer, size_t size)
{
    double thousandths = is_more ? ceil(amount * 1000 - 1e-6) : floor(amount * 1000 + 1e-6);

    (void)snprintf(buffer, size, "%.12g", thousandths / 1000);
    return buffer;
}

/* "450 MW more at oregon from 2027-04" */
static void add_change(
    const struct scenario *sc, const struct conflict_repair *repair, struct str *out)
{
    const char *id = conflict_thing_id(sc, repair->thing);
    char amount[48];
    char month[DATE_TEXT_SIZE];
    double mw;

    (void)enough(repair->amount, true, amount, sizeof amount);
    switch (repair->thing.kind) {
    case CONFLICT_SITE_POWER:
        str_format(out, "%s MW more at %s", amount, id);
        if (repair->from_period > 0)
            str_format(
                out, " from %s", date_format_month(sc->periods[repair->from_period].start, month));
        break;
    case CONFLICT_COMMITMENT:
        mw = fmax(0, sc->commitments[repair->thing.index].mw - repair->amount);
        str_format(
            out, "commitment %s at most %s MW", id, enough(mw, false, amount, sizeof amount));
        if (repair->later_period > 0)
            str_format(out, ", or from %s on",
                date_format_month(sc->periods[repair->later_period].start, month));
        break;
    case CONFLICT_BUDGET:
        if (sc->budgets[repair->thing.index].kind == BUDGET_CARBON)
            str_format(out, "%s tonnes more for budget %s", amount, id);
        else
            str_format(out, "%s more for budget %s",
                units_money(repair->amount, amount, sizeof amount), id);
        break;
    case CONFLICT_REQUIRED:
        str_format(out, "workload %s: %s less of what it requires", id,
            units_percent(repair->amount, amount, sizeof amount));
        break;
    case CONFLICT_FLOOR:
        str_format(out, "%s rack positions more at %s", amount, id);
        break;
    case CONFLICT_SUPPLY:
    case CONFLICT_OFFER_MAX:
    case CONFLICT_LIMIT:
    case CONFLICT_WORKLOAD_MAX:
    case CONFLICT_KIND_COUNT:
        str_format(out, "%s %s more for %s %s", amount, CONFLICT_UNITS[repair->thing.kind],
            THING_WORDS[repair->thing.kind], id);
        break;
    }
}

static void print_change(
    const struct scenario *sc, const struct conflict_repair *repair, FILE *stream)
{
    struct str words = {0};

    add_change(sc, repair, &words);
    (void)fprintf(stream, "  %s", str_text(&words));
    str_fini(&words);
}

static void print_repair(
    const struct scenario *sc, const struct conflict_repair *repair, FILE *stream)
{
    char money[32];

    print_change(sc, repair, stream);
    if (isnan(repair->objective_usd))
        (void)fputs("   (what the plan then costs was not worked out in time)\n", stream);
    else
        (void)fprintf(stream, "   (the plan then costs %s)\n",
            units_money(repair->objective_usd, money, sizeof money));
}

static void print_set(const struct conflict *conflict, FILE *stream)
{
    const struct scenario *sc = conflict->scenario;

    if (conflict->set_count == 0)
        return;
    (void)fprintf(stream, "%s   no plan can meet what is required. %s %d cannot hold%s%s:\n",
        sc->name, conflict->set_count == 1 ? "This" : "These", conflict->set_count,
        conflict->set_count == 1 ? "" : " together",
        conflict->is_set_irreducible ? ""
                                     : " (perhaps without some of them: not each was left out in "
                                       "time)");
    if (conflict->set_count > SET_SHORT && !conflict->is_set_asked)
        (void)fputs("  (--conflict lists them)\n", stream);
    for (int i = 0; i < conflict->set_count; i++)
        if (conflict->set_count <= SET_SHORT || conflict->is_set_asked)
            print_thing(sc, conflict->set[i], stream);
}

/* What is known stands; that something is not is said. */
static void print_cut(const struct conflict *conflict, FILE *stream)
{
    if (!conflict->is_cut)
        return;
    if (conflict->set_count == 0)
        (void)fputs("Why there is no plan was not worked out in time.\n", stream);
    else if (!conflict->are_repairs_all)
        (void)fputs("Not all changes were tried in time; others may be enough, too.\n", stream);
    else if (conflict->repair_count == 0 && conflict->together_count == 0)
        (void)fputs(
            "No one change is enough; which are together was not worked out in time.\n", stream);
}

void conflict_print(const struct conflict *conflict, FILE *stream)
{
    const struct scenario *sc = conflict->scenario;

    print_set(conflict, stream);
    if (conflict->repair_count > 0)
        (void)fputs("Any one of these would be enough:\n", stream);
    for (int i = 0; i < conflict->repair_count; i++)
        print_repair(sc, &conflict->repairs[i], stream);
    if (conflict->together_count > 0)
        (void)fputs("No one change is enough; these together would be:\n", stream);
    for (int i = 0; i < conflict->together_count; i++) {
        struct conflict_repair part = {.thing = conflict->together[i],
            .amount = conflict->together_amounts[i],
            .later_period = -1,
            .objective_usd = NAN};

        print_change(sc, &part, stream);
        (void)fputc('\n', stream);
    }
    print_cut(conflict, stream);
}

/* --- JSON */

static void write_thing(
    struct json_writer *w, const struct scenario *sc, struct conflict_thing thing)
{
    struct where where = conflict_thing_where(sc, thing);

    json_text(w, "kind", CONFLICT_KIND_NAMES[thing.kind]);
    json_text(w, "id", conflict_thing_id(sc, thing));
    json_text(w, "file", where.file);
    json_count(w, "line", where.line);
}

static bool is_carbon(const struct scenario *sc, struct conflict_thing thing)
{
    return thing.kind == CONFLICT_BUDGET && sc->budgets[thing.index].kind == BUDGET_CARBON;
}

static void write_month(
    struct json_writer *w, const struct scenario *sc, const char *key, int period)
{
    char month[DATE_TEXT_SIZE];

    json_text(w, key, period > 0 ? date_format_month(sc->periods[period].start, month) : NULL);
}

static void write_repair(
    struct json_writer *w, const struct scenario *sc, const struct conflict_repair *repair)
{
    struct str words = {0};

    add_change(sc, repair, &words);
    json_open_object(w, NULL);
    write_thing(w, sc, repair->thing);
    json_number(w, "amount", repair->amount);
    json_text(w, "unit", is_carbon(sc, repair->thing) ? "t" : CONFLICT_UNITS[repair->thing.kind]);
    write_month(w, sc, "from", repair->from_period);
    write_month(w, sc, "later", repair->later_period);
    json_number(w, "objective_usd", repair->objective_usd);
    json_text(w, "change", str_text(&words));
    json_close(w);
    str_fini(&words);
}

void conflict_write_json(const struct conflict *conflict, struct json_writer *w)
{
    const struct scenario *sc = conflict->scenario;

    json_open_object(w, "conflict");
    json_open_array(w, "set");
    for (int i = 0; i < conflict->set_count; i++) {
        struct str words = {0};

        add_thing(sc, conflict->set[i], &words);
        json_open_object(w, NULL);
        write_thing(w, sc, conflict->set[i]);
        json_text(w, "words", str_text(&words));
        json_close(w);
        str_fini(&words);
    }
    json_close(w);
    json_bool(w, "set_is_irreducible", conflict->set_count > 0 && conflict->is_set_irreducible);
    json_bool(w, "is_complete", !conflict->is_cut);
    json_open_array(w, "repairs");
    for (int i = 0; i < conflict->repair_count; i++)
        write_repair(w, sc, &conflict->repairs[i]);
    json_close(w);
    json_open_array(w, "together");
    for (int i = 0; i < conflict->together_count; i++) {
        struct conflict_repair part = {.thing = conflict->together[i],
            .amount = conflict->together_amounts[i],
            .later_period = -1,
            .objective_usd = NAN};

        write_repair(w, sc, &part);
    }
    json_close(w);
    json_close(w);
}
