/* The invariants of the scheduling model, from scratch: for tests and debug builds. */
#include "base/bits.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/decide.h"

#include <stdlib.h>

static bool check_gang(const struct core_gang *gang, struct str *text)
{
    bool has_attempt = gang->view.state == GANG_STARTING || gang->view.state == GANG_RUNNING ||
                       gang->view.state == GANG_STOPPING;

    if (has_attempt != (gang->view.holder != 0) || has_attempt != (gang->view.placement != NULL) ||
        has_attempt != (gang->tasks != NULL))
        str_format(text, "gang %lld is %s and %s chips", (long long)gang->view.id,
            GANG_STATE_NAMES[gang->view.state], gang->view.holder != 0 ? "holds" : "lacks its");
    else if ((gang->view.state == GANG_WAITING) != (gang->waiting_slot >= 0))
        str_format(text, "gang %lld is %s, and %s the waiting list", (long long)gang->view.id,
            GANG_STATE_NAMES[gang->view.state], gang->waiting_slot >= 0 ? "in" : "not in");
    else if (has_attempt != (gang->running_slot >= 0))
        str_format(text, "gang %lld is %s, and %s the running list", (long long)gang->view.id,
            GANG_STATE_NAMES[gang->view.state], gang->running_slot >= 0 ? "in" : "not in");
    return text->length > 0;
}

/* A gang has all its chips or none; each segment lies in one domain. */
static bool check_placement(const struct core *core, const struct core_gang *gang, struct str *text)
{
    const struct shape_system *system = &gang->view.shape->systems[gang->view.shape_system];
    int first_rack = -1;

    if (gang->placement.task_count != system->task_count) {
        str_format(text, "gang %lld has %d of %d tasks", (long long)gang->view.id,
            gang->placement.task_count, system->task_count);
        return true;
    }
    for (int i = 0; i < system->task_count; i++) {
        int rack = core->fleet->host_rack[gang->placement.tasks[i].host];

        if (bits_count(gang->placement.tasks[i].chips) != system->chips_per_task ||
            core->fleet->racks[rack].system != system->system ||
            core->fleet->racks[rack].site != gang->placement.site) {
            str_format(text, "task %d of gang %lld has not the chips that it asked for", i,
                (long long)gang->view.id);
            return true;
        }
        if (!system->is_domain_bound)
            continue;
        if (i % system->segment_tasks == 0)
            first_rack = rack;
        if (rack != first_rack) {
            str_format(
                text, "a segment of gang %lld lies in two domains", (long long)gang->view.id);
            return true;
        }
    }
    return false;
}

char *core_check(const struct core *core)
{
    struct str text = {0};
    size_t terminal_count = 0;
    char *broken = ledger_check(core->ledger);

    if (broken != NULL)
        return broken;
    for (size_t i = 0; i < core->gang_count; i++) {
        const struct core_gang *gang = core->gangs[i];

        if (check_gang(gang, &text) ||
            (gang->view.holder != 0 && check_placement(core, gang, &text)))
            return text.text;
        terminal_count += gang_state_is_terminal(gang->view.state);
    }
    if (core->waiting_count + core->running_count + terminal_count != core->gang_count)
        str_format(&text, "%zu gangs, but %zu wait, %zu run and %zu have ended", core->gang_count,
            core->waiting_count, core->running_count, terminal_count);
    return text.text;
}
