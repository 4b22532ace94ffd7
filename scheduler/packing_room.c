/* What a packing looks for, and how many of its tasks one rack or one power limit takes. */
#include "base/units.h"
#include "scheduler/packing_private.h"

#include <math.h>

/* The run of fleet racks below what request->where names: [*first, *end). */
static void rack_range(
    const struct fleet *fleet, const struct packing_where *where, int *first, int *end)
{
    int feed = where->feed;
    int last_feed = where->feed;

    *first = 0;
    *end = fleet->rack_count;
    if (feed < 0 && (where->hall >= 0 || where->site >= 0)) {
        int hall = where->hall >= 0 ? where->hall : fleet->sites[where->site].first_hall;
        int last_hall = where->hall >= 0 ? where->hall
                                         : hall + fleet->sites[where->site].hall_count - 1;

        *end = 0;
        if (last_hall < hall)
            return;
        feed = fleet->halls[hall].first_feed;
        last_feed = fleet->halls[last_hall].first_feed + fleet->halls[last_hall].feed_count - 1;
        if (last_feed < feed)
            return;
    }
    if (feed < 0)
        return;
    *first = fleet->feeds[feed].first_rack;
    *end = fleet->feeds[last_feed].first_rack + fleet->feeds[last_feed].rack_count;
}

/* The first of sorted racks that is not below `least`. */
static int lower_bound(const int *racks, int count, int least)
{
    int low = 0;

    while (low < count) {
        int middle = low + (count - low) / 2;

        if (racks[middle] < least)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

struct packing_search packing_start(
    const struct ledger *ledger, const struct packing_request *request)
{
    const struct shape_system *wants = &request->shape->systems[request->where.system];
    const struct ledger_kind *kind = &ledger->kinds[wants->system];
    struct packing_search search = {.ledger = ledger,
        .request = request,
        .wants = wants,
        .need = ledger_make_need(ledger, request->shape, wants),
        .task_kw = wants->chips_per_task * wants->busy_kw_per_chip,
        .full_count = wants->segment_count,
        .levels = PACKING_ALL_LEVELS,
        .has_veto = request->veto != NULL};
    int last = shape_segment_size(wants, wants->segment_count - 1);
    const int *racks = ledger->kind_racks + kind->first_rack;
    int first;
    int end;

    if (last < wants->segment_tasks) {
        search.full_count--;
        search.short_tasks = last;
    }
    rack_range(ledger->fleet, &request->where, &first, &end);
    first = lower_bound(racks, kind->rack_count, first);
    search.racks = racks + first;
    search.rack_count = lower_bound(racks, kind->rack_count, end) - first;
    if (search.rack_count < 0)
        search.rack_count = 0;
    return search;
}

int packing_power_room(const struct packing_search *search, enum power_level level, int index)
{
    double left_kw;
    int room;

    if ((search->levels >> level & 1) == 0 || search->task_kw <= 0)
        return PACKING_PLENTY;
    left_kw = ledger_left_kw(search->ledger, level, index);
    if (left_kw >= search->task_kw * PACKING_PLENTY)
        return PACKING_PLENTY;
    room = (int)(left_kw / search->task_kw);
    /* Never one more than the check of the finished placement admits. */
    while (room > 0 && !ledger_power_admits(search->ledger, level, index, room * search->task_kw))
        room--;
    return room;
}

static enum packing_veto veto_of(const struct packing_search *search, int rack)
{
    const struct packing_request *request = search->request;

    if (!search->has_veto)
        return VETO_NONE;
    return request->veto_of_rack == NULL ? VETO_SOME
                                         : request->veto_of_rack(request->veto_context, rack);
}

int packing_host_room(const struct packing_search *search, int rack, int host)
{
    if (veto_of(search, rack) != VETO_NONE &&
        search->request->veto(search->request->veto_context, host))
        return 0;
    return ledger_host_task_room(search->ledger, &search->need, host);
}

static bool is_taken_by_replicas(const struct packing_search *search, int rack)
{
    const struct packing_request *request = search->request;
    const struct fleet_rack *of = &search->ledger->fleet->racks[rack];

    if (request->replicas_at == NULL)
        return false;
    switch (request->shape->spec->spread) {
    case JOB_SPREAD_NONE:
        return false;
    case JOB_SPREAD_RACK:
        return request->replicas_at[rack] >= request->replicas_most;
    case JOB_SPREAD_FEED:
        return request->replicas_at[of->feed] >= request->replicas_most;
    case JOB_SPREAD_HALL:
        return request->replicas_at[of->hall] >= request->replicas_most;
    case JOB_SPREAD_SITE:
        break;
    }
    return request->replicas_at[of->site] >= request->replicas_most;
}

static int room_without_vetoed(const struct packing_search *search, int rack)
{
    const struct fleet_rack *of = &search->ledger->fleet->racks[rack];
    int64_t room = 0;

    for (int h = of->first_host; h < of->first_host + of->host_count; h++)
        if (!search->request->veto(search->request->veto_context, h))
            room += ledger_host_task_room(search->ledger, &search->need, h);
    return room > PACKING_PLENTY ? PACKING_PLENTY : (int)room;
}

int packing_rack_room(const struct packing_search *search, int rack)
{
    enum packing_veto veto;
    int room;
    int power_room;

    if (is_taken_by_replicas(search, rack))
        return 0;
    room = ledger_need_room(search->ledger, &search->need, rack);
    veto = room > 0 ? veto_of(search, rack) : VETO_NONE;
    if (veto == VETO_SOME)
        room = room_without_vetoed(search, rack);
    if (room == 0 || veto == VETO_ALL)
        return 0;
    if (search->request->rack_tasks_most != NULL && search->request->rack_tasks_most[rack] < room)
        room = search->request->rack_tasks_most[rack];
    power_room = packing_power_room(search, POWER_RACK, rack);
    return room < power_room ? room : power_room;
}
