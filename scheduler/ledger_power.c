/*
 * The ledger's power. A rack's committed kW = idle-kw while it is powered + sum over its stakes of
 * (P × mode × pi - idle) × chips ÷ chips of the rack; summed again, from the stakes, whenever a
 * stake, a mode or the rack's power changes, and then up: feed, hall, site (× pue).
 */
#include "base/mem.h"
#include "base/units.h"
#include "scheduler/ledger_private.h"

#include <assert.h>
#include <math.h>

const char *const POWER_LEVEL_NAMES[] = {"rack", "feed", "hall", "site"};

int ledger_level_count(const struct fleet *fleet, enum power_level level)
{
    switch (level) {
    case POWER_RACK:
        return fleet->rack_count;
    case POWER_FEED:
        return fleet->feed_count;
    case POWER_HALL:
        return fleet->hall_count;
    case POWER_SITE:
        break;
    }
    return fleet->site_count;
}

int ledger_rack_at(const struct fleet *fleet, int rack, enum power_level level)
{
    switch (level) {
    case POWER_RACK:
        return rack;
    case POWER_FEED:
        return fleet->racks[rack].feed;
    case POWER_HALL:
        return fleet->racks[rack].hall;
    case POWER_SITE:
        break;
    }
    return fleet->racks[rack].site;
}

const char *ledger_place_path(
    const struct fleet *fleet, enum power_level level, int index, char *buffer)
{
    switch (level) {
    case POWER_RACK:
        return fleet_rack_path(fleet, index, buffer);
    case POWER_FEED:
        return fleet_feed_path(fleet, index, buffer);
    case POWER_HALL:
        return fleet_hall_path(fleet, index, buffer);
    case POWER_SITE:
        break;
    }
    return fleet->sites[index].id;
}

/* --- What holders add */

double ledger_full_kw(const struct ledger *ledger, const struct holder *holder)
{
    const struct shape_system *wants = ledger_holder_system(holder);
    const struct system *system = &ledger->fleet->catalog.systems[wants->system];
    double busy_kw = system->power_kw * system->modes[holder->mode].power_frac *
                     holder->shape->spec->power_frac;

    return fmax(0, busy_kw - system->idle_kw);
}

double ledger_stake_kw(const struct ledger *ledger, const struct ledger_stake *stake)
{
    return ledger->held[stake->slot].full_kw * stake->chip_count /
           ledger_rack_kind(ledger, stake->rack)->chip_count;
}

double ledger_holder_kw(
    const struct ledger *ledger, holder_id id, enum power_level level, int index)
{
    int slot = id_map_find(&ledger->ids, id);
    double kw = 0;

    assert(slot != LEDGER_NONE);
    for (int s = ledger->held[slot].first_stake; s != LEDGER_NONE;
         s = ledger->stakes[s].next_of_holder)
        if (ledger_rack_at(ledger->fleet, ledger->stakes[s].rack, level) == index)
            kw += ledger_stake_kw(ledger, &ledger->stakes[s]);
    return kw;
}

/* --- Sums */

static void refresh_rack(struct ledger *ledger, int rack)
{
    struct ledger_rack *record = &ledger->racks[rack];
    const struct fleet_rack *of = &ledger->fleet->racks[rack];
    bool is_powered = record->down_count < of->host_count || record->first_stake != LEDGER_NONE;
    double kw = is_powered ? ledger->fleet->catalog.systems[of->system].idle_kw : 0;

    for (int s = record->first_stake; s != LEDGER_NONE; s = ledger->stakes[s].next_in_rack)
        kw += ledger_stake_kw(ledger, &ledger->stakes[s]);
    record->committed_kw = kw;
    ledger->load_kw[POWER_RACK][rack] = kw + record->excess_kw;
}

static double sum_run(const double *values, int first, int count)
{
    double sum = 0;

    for (int i = first; i < first + count; i++)
        sum += values[i];
    return sum;
}

static void refresh_feed(struct ledger *ledger, int feed)
{
    const struct fleet_feed *of = &ledger->fleet->feeds[feed];

    ledger->load_kw[POWER_FEED][feed] = sum_run(
        ledger->load_kw[POWER_RACK], of->first_rack, of->rack_count);
}

static void refresh_hall(struct ledger *ledger, int hall)
{
    const struct fleet_hall *of = &ledger->fleet->halls[hall];

    ledger->load_kw[POWER_HALL][hall] = sum_run(
        ledger->load_kw[POWER_FEED], of->first_feed, of->feed_count);
}

static void refresh_site(struct ledger *ledger, int site)
{
    const struct fleet_site *of = &ledger->fleet->sites[site];

    ledger->load_kw[POWER_SITE][site] =
        sum_run(ledger->load_kw[POWER_HALL], of->first_hall, of->hall_count) * of->pue;
}

struct ledger_touch ledger_touch_begin(void)
{
    return (struct ledger_touch){LEDGER_NONE, LEDGER_NONE, LEDGER_NONE};
}

void ledger_touch_rack(struct ledger *ledger, struct ledger_touch *touch, int rack)
{
    const struct fleet_rack *of = &ledger->fleet->racks[rack];

    refresh_rack(ledger, rack);
    if (touch->feed != of->feed && touch->feed != LEDGER_NONE)
        refresh_feed(ledger, touch->feed);
    if (touch->hall != of->hall && touch->hall != LEDGER_NONE)
        refresh_hall(ledger, touch->hall);
    if (touch->site != of->site && touch->site != LEDGER_NONE)
        refresh_site(ledger, touch->site);
    *touch = (struct ledger_touch){of->feed, of->hall, of->site};
}

/* A mode that was only tried and taken back broke nothing. */
static void forget_past(struct ledger *ledger)
{
    const struct block *past = &ledger->past;

    if (ledger->went_past && past->where != LEDGER_NONE &&
        units_power_holds(
            ledger->load_kw[past->level][past->where], ledger->limit_kw[past->level][past->where]))
        ledger->went_past = false;
}

void ledger_touch_end(struct ledger *ledger, struct ledger_touch *touch)
{
    if (touch->feed == LEDGER_NONE)
        return;
    refresh_feed(ledger, touch->feed);
    refresh_hall(ledger, touch->hall);
    refresh_site(ledger, touch->site);
    *touch = ledger_touch_begin();
    forget_past(ledger);
}

void ledger_power_create(struct ledger *ledger)
{
    const struct fleet *fleet = ledger->fleet;
    struct ledger_touch touch = ledger_touch_begin();

    for (int level = 0; level < LEDGER_LEVELS; level++) {
        size_t count = (size_t)ledger_level_count(fleet, (enum power_level)level);

        ledger->load_kw[level] = mem_zero(count, sizeof(double));
        ledger->limit_kw[level] = mem_zero(count, sizeof(double));
    }
    for (int i = 0; i < fleet->rack_count; i++)
        ledger->limit_kw[POWER_RACK][i] = fleet->racks[i].power_kw;
    for (int i = 0; i < fleet->feed_count; i++)
        ledger->limit_kw[POWER_FEED][i] = fleet->feeds[i].power_kw;
    for (int i = 0; i < fleet->hall_count; i++)
        ledger->limit_kw[POWER_HALL][i] = fleet->halls[i].power_kw;
    for (int i = 0; i < fleet->site_count; i++)
        ledger->limit_kw[POWER_SITE][i] = fleet->sites[i].power_kw;
    for (int r = 0; r < fleet->rack_count; r++)
        ledger_touch_rack(ledger, &touch, r);
    ledger_touch_end(ledger, &touch);
}

/* --- Loads and limits */

double ledger_load_kw(const struct ledger *ledger, enum power_level level, int index)
{
    return ledger->load_kw[level][index];
}

double ledger_limit_kw(const struct ledger *ledger, enum power_level level, int index)
{
    return ledger->limit_kw[level][index];
}

void ledger_set_limit_kw(struct ledger *ledger, enum power_level level, int index, double kw)
{
    ledger->limit_kw[level][index] = kw;
}

void ledger_set_measured_kw(struct ledger *ledger, int rack, double kw)
{
    struct ledger_rack *record = &ledger->racks[rack];
    struct ledger_touch touch = ledger_touch_begin();

    record->excess_kw = fmax(0, kw - record->committed_kw);
    ledger_touch_rack(ledger, &touch, rack);
    ledger_touch_end(ledger, &touch);
}

/* What one kW of IT load is at the place where a limit of that level is measured. */
static double meter_factor(const struct ledger *ledger, enum power_level level, int index)
{
    return level == POWER_SITE ? ledger->fleet->sites[index].pue : 1;
}

double ledger_left_kw(const struct ledger *ledger, enum power_level level, int index)
{
    double load_kw = ledger->load_kw[level][index];
    double limit_kw = ledger->limit_kw[level][index];

    if (load_kw >= limit_kw)
        return 0;
    return (limit_kw * (1 + UNITS_POWER_TOLERANCE_REL) + UNITS_POWER_TOLERANCE_KW - load_kw) /
           meter_factor(ledger, level, index);
}

double ledger_rack_headroom_kw(const struct ledger *ledger, int rack)
{
    double left_kw = INFINITY;

    for (int level = 0; level < LEDGER_LEVELS; level++)
        left_kw = fmin(left_kw, ledger_left_kw(ledger, (enum power_level)level,
                                    ledger_rack_at(ledger->fleet, rack, (enum power_level)level)));
    return left_kw;
}

bool ledger_power_admits(
    const struct ledger *ledger, enum power_level level, int index, double added_kw)
{
    double load_kw = ledger->load_kw[level][index];
    double limit_kw = ledger->limit_kw[level][index];

    if (added_kw <= 0)
        return true;
    return load_kw < limit_kw &&
           units_power_holds(load_kw + added_kw * meter_factor(ledger, level, index), limit_kw);
}

/* --- Invariant 3 */

void ledger_note_power(struct ledger *ledger, int slot)
{
    const struct ledger_held *held = &ledger->held[slot];

    for (int s = held->first_stake; s != LEDGER_NONE && !ledger->went_past;
         s = ledger->stakes[s].next_of_holder) {
        if (ledger_stake_kw(ledger, &ledger->stakes[s]) <= 0)
            continue;
        for (int level = 0; level < LEDGER_LEVELS && !ledger->went_past; level++) {
            int index = ledger_rack_at(
                ledger->fleet, ledger->stakes[s].rack, (enum power_level)level);
            double load_kw = ledger->load_kw[level][index];

            if (units_power_holds(load_kw, ledger->limit_kw[level][index]))
                continue;
            ledger->went_past = true;
            ledger->past_holder = held->holder.id;
            ledger->past = (struct block){.by = (enum blocked_by)(BLOCKED_RACK_POWER + level),
                .level = (enum power_level)level,
                .where = index,
                .needs = load_kw,
                .has = ledger->limit_kw[level][index],
                .unit = "kW"};
        }
    }
}
