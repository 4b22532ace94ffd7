#include "scheduler/reasons.h"

#include "base/date.h"
#include "base/str.h"
#include "base/units.h"

#include <stdio.h>
#include <string.h>

static bool is_power(enum blocked_by by)
{
    return by == BLOCKED_RACK_POWER || by == BLOCKED_FEED_POWER || by == BLOCKED_HALL_POWER ||
           by == BLOCKED_SITE_POWER;
}

const char *reasons_where(const struct fleet *fleet, const struct block *block, char *buffer)
{
    enum power_level level = is_power(block->by) ? block->level : POWER_SITE;

    return block->where < 0 ? NULL : ledger_place_path(fleet, level, block->where, buffer);
}

int reasons_unit_length(const char *unit, double count)
{
    size_t length = strlen(unit);

    return (int)(count == 1 && str_ends_with(unit, "s") ? length - 1 : length);
}

/* "needs 540 kW, … has 212 kW left" */
static void add_figures(const struct fleet *fleet, const struct block *block, struct str *out)
{
    char where[FLEET_NAME_SIZE];
    char needs[32];
    char has[32];
    const char *place = reasons_where(fleet, block, where);

    str_format(out, "needs %s %.*s, %s%s%s has %s", units_count(block->needs, needs, sizeof needs),
        reasons_unit_length(block->unit, block->needs), block->unit,
        is_power(block->by) ? POWER_LEVEL_NAMES[block->level] : "", is_power(block->by) ? " " : "",
        place != NULL ? place : "the fleet", units_count(block->has, has, sizeof has));
    str_add(out, is_power(block->by) ? " kW left: power holds it back" : " free");
}

void reasons_words(
    const struct core *core, const struct gang *gang, const struct why *why, struct str *out)
{
    const struct fleet *fleet = core_fleet(core);
    const struct block *block = &why->block;
    char instant[DATE_TEXT_SIZE];

    switch (block->by) {
    case BLOCKED_NEVER:
        str_format(out, "never: %s",
            why->never != NULL ? why->never : "it started on another stack, and is not portable");
        break;
    case BLOCKED_HELD:
        str_add(out, "held by its manifest or a person; release it");
        break;
    case BLOCKED_DEPENDENCY:
        str_format(out, "waits for %s",
            gang->spec->after_count > 0 ? gang->spec->after[0].job : "another job");
        break;
    case BLOCKED_VALUE:
        str_format(out, "costs %.6g USD/h there and is worth %.6g", block->needs, block->has);
        break;
    case BLOCKED_BUDGET:
        str_format(out, "needs %.6g USD/h, tenant %s has %.6g left", block->needs,
            gang->spec->tenant, block->has);
        break;
    case BLOCKED_SHARE:
        str_format(out, "needs %.3g %% of the fleet, tenant %s has %.3g %% of its share left",
            block->needs * 100, gang->spec->tenant, block->has * 100);
        break;
    case BLOCKED_RESERVED:
        str_add(out, "what is free is reserved for others, or the next round decides");
        break;
    case BLOCKED_NOT:
    case BLOCKED_CHIPS:
    case BLOCKED_DOMAINS:
    case BLOCKED_RACK_POWER:
    case BLOCKED_FEED_POWER:
    case BLOCKED_HALL_POWER:
    case BLOCKED_SITE_POWER:
        add_figures(fleet, block, out);
        break;
    }
    if (why->earliest_ms != INT64_MAX)
        str_format(out, "; earliest start %s", date_format_instant(why->earliest_ms, instant));
}
