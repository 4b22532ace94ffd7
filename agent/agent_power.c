#include "agent/agent_private.h"
#include "agent/sysfile.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { RETRY_MS = 60 * 1000, TEXT_SIZE = 64, HEX = 16 };

static const double SAME_FRAC = 1e-6;

/* "capped" in the folder: the chips as a hexadecimal mask, so that the next agent lifts what this
 * one may not live to lift, and leaves alone what an operator has set. */
static void add_path(const struct agent *agent, struct str *path)
{
    str_format(path, "%s/capped", agent->options.folder);
}

static void store_capped(struct agent *agent, uint64_t chips)
{
    struct str path = {0};
    struct err err = {0};
    char text[TEXT_SIZE];
    int length = snprintf(text, sizeof text, "%" PRIx64 "\n", chips);

    if (chips == agent->capped_chips)
        return;
    agent->capped_chips = chips;
    add_path(agent, &path);
    if (file_write(str_text(&path), text, (size_t)length, &err) != 0)
        agent_log(agent, "%s", err.text);
    str_fini(&path);
}

void agent_power_open(struct agent *agent)
{
    struct str path = {0};
    char text[TEXT_SIZE];

    add_path(agent, &path);
    if (sysfile_read(str_text(&path), text, sizeof text))
        agent->capped_chips = strtoull(text, NULL, HEX);
    str_fini(&path);
    for (int i = 0; i < INVENTORY_CHIPS_MAX; i++)
        agent->applied_fracs[i] = (agent->capped_chips >> i & 1) != 0 ? NAN : 1;
    agent->retry_caps_ms = INT64_MAX;
}

void agent_power_count(struct agent *agent, double seconds)
{
    for (size_t i = 0; i < agent->task_count; i++) {
        struct agent_task *task = &agent->tasks[i];
        const struct task_status *status = launcher_find(agent->options.launcher, task->id);

        if (status == NULL || (status->state != TASK_RUNNING && status->state != TASK_STOPPING))
            continue;
        for (int c = 0; c < agent->use.chip_count; c++)
            if ((status->chips >> c & 1) != 0 && agent->use.chips[c].power_w > 0)
                task->joules += agent->use.chips[c].power_w * seconds;
    }
}

/* What each chip is to have: the mode of its task, and no cap where it has none. */
static void list_wanted(const struct agent *agent, double *fracs)
{
    for (int c = 0; c < INVENTORY_CHIPS_MAX; c++)
        fracs[c] = 1;
    for (size_t i = 0; i < agent->task_count; i++) {
        const struct agent_task *task = &agent->tasks[i];
        const struct task_status *status = launcher_find(agent->options.launcher, task->id);

        if (status == NULL || task_state_is_over(status->state))
            continue;
        for (int c = 0; c < agent->options.inventory->chip_count; c++)
            if ((status->chips >> c & 1) != 0)
                fracs[c] = task->power_frac;
    }
}

static bool is_same(double a, double b)
{
    return fabs(a - b) < SAME_FRAC;
}

/* All chips that are to have the same as chip `first` and do not have it yet. */
static uint64_t chips_like(const struct agent *agent, const double *fracs, int first)
{
    uint64_t chips = 0;

    for (int c = first; c < agent->options.inventory->chip_count; c++)
        if (is_same(fracs[c], fracs[first]) && !is_same(fracs[c], agent->applied_fracs[c]))
            chips |= (uint64_t)1 << c;
    return chips;
}

static bool cap(struct agent *agent, uint64_t chips, double frac)
{
    struct err err = {0};

    if (frac < 1)
        store_capped(agent, agent->capped_chips | chips);
    if (sensors_cap(agent->options.sensors, chips, frac, &err) != 0) {
        agent_log(agent, "%s", err.text);
        return false;
    }
    for (int c = 0; c < INVENTORY_CHIPS_MAX; c++)
        if ((chips >> c & 1) != 0)
            agent->applied_fracs[c] = frac;
    if (frac >= 1)
        store_capped(agent, agent->capped_chips & ~chips);
    return true;
}

static void mark_applied(struct agent *agent)
{
    for (size_t i = 0; i < agent->task_count; i++) {
        struct agent_task *task = &agent->tasks[i];
        const struct task_status *status = launcher_find(agent->options.launcher, task->id);

        task->is_applied = status != NULL && !task_state_is_over(status->state);
        for (int c = 0; c < agent->options.inventory->chip_count && task->is_applied; c++)
            task->is_applied = (status->chips >> c & 1) == 0 ||
                               is_same(agent->applied_fracs[c], task->power_frac);
    }
}

void agent_power_apply(struct agent *agent, int64_t now_ms)
{
    double fracs[INVENTORY_CHIPS_MAX];
    uint64_t tried = 0;
    bool is_done = true;

    list_wanted(agent, fracs);
    for (int c = 0; c < agent->options.inventory->chip_count; c++) {
        uint64_t chips = chips_like(agent, fracs, c);

        if ((tried >> c & 1) != 0 || (chips >> c & 1) == 0)
            continue;
        tried |= chips;
        if (!sensors_can_cap(agent->options.sensors))
            continue;
        is_done = cap(agent, chips, fracs[c]) && is_done;
    }
    mark_applied(agent);
    agent->retry_caps_ms = is_done ? INT64_MAX : now_ms + RETRY_MS;
}
