#include "tests/support/hall.h"

#include "base/mem.h"

#include <check.h>

struct system hall_gb300(void)
{
    return fleet_builder_system("gb300-nvl72", 18, 4, 144, 0);
}

struct hall hall_make(struct fleet_builder *builder, int tasks, int chips_per_task, int segment)
{
    struct hall h = {.builder = builder, .next_id = 1000};

    h.spec = fleet_builder_job(tasks, chips_per_task, segment);
    h.filler_spec = fleet_builder_job(1, 1, JOB_SEGMENT_NONE);
    h.filler_spec.power_frac = 0.01;
    return h;
}

void hall_open(struct hall *h)
{
    h->fleet = fleet_builder_finish(h->builder);
    h->ledger = ledger_create(h->fleet, HOST_UP);
    h->shape = shape_create(h->fleet, &h->spec);
    h->filler = shape_create(h->fleet, &h->filler_spec);
    h->request = (struct packing_request){.shape = h->shape, .where = {0, -1, -1, -1}};
}

void hall_close(struct hall *h)
{
    placement_fini(&h->placement);
    shape_destroy(h->shape);
    shape_destroy(h->filler);
    ledger_destroy(h->ledger);
    fleet_builder_destroy(h->builder);
}

void hall_occupy(struct hall *h, int rack, int hosts, int chips)
{
    const struct fleet_rack *of = &h->fleet->racks[rack];

    for (int i = 0; i < hosts; i++)
        for (int c = 0; c < chips; c++) {
            struct task_place task = {of->first_host + of->host_count - 1 - i, (uint64_t)1 << c};
            struct placement one = {.site = of->site, .tasks = &task, .task_count = 1};

            ledger_hold(h->ledger,
                &(struct holder){.id = h->next_id++, .shape = h->filler, .is_adopted = true}, &one);
        }
}

bool hall_find(struct hall *h)
{
    placement_fini(&h->placement);
    return packing_find(h->ledger, &h->request, &h->placement, &h->block);
}

int hall_rack_of(const struct hall *h, int task)
{
    return h->fleet->host_rack[h->placement.tasks[task].host];
}

int hall_tasks_in(const struct hall *h, int rack)
{
    int count = 0;

    for (int i = 0; i < h->placement.task_count; i++)
        count += hall_rack_of(h, i) == rack;
    return count;
}

void hall_hold_found(struct hall *h)
{
    char *broken;

    ck_assert(ledger_fits(h->ledger, h->shape, &h->placement, h->request.may_borrow, NULL));
    ledger_hold(h->ledger,
        &(struct holder){.id = h->next_id++,
            .shape = h->shape,
            .shape_system = h->placement.system,
            .is_borrowing = h->request.may_borrow},
        &h->placement);
    broken = ledger_check(h->ledger);
    ck_assert_msg(broken == NULL, "%s", broken != NULL ? broken : "");
}
