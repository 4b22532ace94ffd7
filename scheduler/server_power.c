/* Requests about power: limits against what is committed and measured, place by place. */
#include "base/mem.h"
#include "scheduler/server_private.h"

#include <math.h>
#include <string.h>

enum { PART_POWER = 'p' };

const char *server_block_place(const struct fleet *fleet, const struct block *block, char *buffer)
{
    if (block->where < 0)
        return "";
    switch (block->level) {
    case POWER_RACK:
        return fleet_rack_path(fleet, block->where, buffer);
    case POWER_FEED:
        return fleet_feed_path(fleet, block->where, buffer);
    case POWER_HALL:
        return fleet_hall_path(fleet, block->where, buffer);
    case POWER_SITE:
        return fleet->sites[block->where].id;
    }
    return "";
}

bool server_find_place(
    const struct fleet *fleet, const char *place, enum power_level *level, int *index)
{
    char buffer[FLEET_NAME_SIZE];

    for (int i = 0; i < fleet->site_count; i++)
        if (str_equal(place, fleet->sites[i].id)) {
            *level = POWER_SITE;
            *index = i;
            return true;
        }
    for (int i = 0; i < fleet->hall_count; i++)
        if (str_equal(place, fleet_hall_path(fleet, i, buffer))) {
            *level = POWER_HALL;
            *index = i;
            return true;
        }
    for (int i = 0; i < fleet->feed_count; i++)
        if (str_equal(place, fleet_feed_path(fleet, i, buffer))) {
            *level = POWER_FEED;
            *index = i;
            return true;
        }
    for (int i = 0; i < fleet->rack_count; i++)
        if (str_equal(place, fleet_rack_path(fleet, i, buffer))) {
            *level = POWER_RACK;
            *index = i;
            return true;
        }
    return false;
}

static double file_limit_kw(const struct fleet *fleet, enum power_level level, int index)
{
    switch (level) {
    case POWER_RACK:
        return fleet->racks[index].power_kw;
    case POWER_FEED:
        return fleet->feeds[index].power_kw;
    case POWER_HALL:
        return fleet->halls[index].power_kw;
    case POWER_SITE:
        return fleet->sites[index].power_kw;
    }
    return INFINITY;
}

static void add_power(struct request *request, enum power_level level, int index, const char *place)
{
    const struct server *server = request->server;
    const struct ledger *ledger = core_ledger(server->core);
    Wattyard__PowerRow *row = arena_zero(request->arena, 1, sizeof *row);
    Wattyard__Answer *answer = request->answer;
    double limit = ledger_limit_kw(ledger, level, index);
    double file_limit = file_limit_kw(server->fleet, level, index);

    wattyard__power_row__init(row);
    row->level = request_text(request, POWER_LEVEL_NAMES[level]);
    row->place = request_text(request, place);
    row->limit_kw = isfinite(limit) ? limit : -1;
    row->file_limit_kw = isfinite(file_limit) ? file_limit : -1;
    row->committed_kw = ledger_load_kw(ledger, level, index);
    row->measured_kw = -1;
    request->bytes += 60;
    answer->power = request_grow(
        request, answer->power, answer->n_power, sizeof(Wattyard__PowerRow *));
    answer->power[answer->n_power++] = row;
}

/* Sites, halls, feeds, racks. */
void request_list_power(struct request *request)
{
    const struct fleet *fleet = request->server->fleet;
    const struct {
        enum power_level level;
        int count;
    } LEVELS[] = {{POWER_SITE, fleet->site_count}, {POWER_HALL, fleet->hall_count},
        {POWER_FEED, fleet->feed_count}, {POWER_RACK, fleet->rack_count}};
    struct cursor from = request_cursor(&request->in->list_power->after);
    char buffer[FLEET_NAME_SIZE];

    for (int64_t i = from.first; i < (int64_t)(sizeof LEVELS / sizeof *LEVELS); i++)
        for (int64_t k = i == from.first ? from.second : 0; k < LEVELS[i].count; k++) {
            if (request_is_full(request, request->answer->n_power)) {
                request_go_on(
                    request, (struct cursor){.part = PART_POWER, .first = i, .second = k});
                return;
            }
            add_power(request, LEVELS[i].level, (int)k,
                ledger_place_path(fleet, LEVELS[i].level, (int)k, buffer));
        }
}

void request_set_power(struct request *request)
{
    struct server *server = request->server;
    const Wattyard__SetPower *in = request->in->set_power;
    struct event event = {.kind = EVENT_LIMIT, .kw = in->kw};
    struct err err = {0};

    if (!server_find_place(server->fleet, in->place, &event.level, &event.index)) {
        request_failf(request, 2,
            "the fleet has no place %s: name it SITE, SITE/HALL, SITE/HALL/FEED or "
            "SITE/HALL/FEED/RACK",
            in->place);
        return;
    }
    if (in->kw < 0)
        event.kw = file_limit_kw(server->fleet, event.level, event.index);
    if (server_apply(server, &event, &err) != 0) {
        request_fail(request, &err);
        return;
    }
    add_power(request, event.level, event.index, in->place);
    if (!server_write(server))
        return;
    server_check(server,
        store_put_limit(server->store,
            &(struct limit_row){in->place, in->kw, request->peer->name, server->now_ms}, &err),
        &err);
    server_note(server, &(struct event_row){.at_ms = server->now_ms,
                            .member = -1,
                            .what = "power",
                            .why = arena_format(request->arena, "%g kW", event.kw),
                            .who = request->peer->name,
                            .place = in->place});
}
