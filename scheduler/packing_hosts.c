/* A plan of tasks by rack as hosts and chips, in order of rank. */
#include "base/bits.h"
#include "base/mem.h"
#include "scheduler/packing_private.h"

/* Where the next tasks go: full segments from rank 0 on, the short one last. */
struct writer {
    const struct packing_search *search;
    struct placement *out;
    int *host_tasks; /* by host of the rack at hand */
    int next_full, next_short;
};

static uint64_t lowest_chips(uint64_t chips, int count)
{
    uint64_t taken = 0;

    for (; count > 0; count--) {
        uint64_t lowest = chips & ~(chips - 1);

        taken |= lowest;
        chips &= ~lowest;
    }
    return taken;
}

/* Neighbours share a board and a NUMA node: go down to the half that has just enough free chips,
 * as long as there is one, so that whole halves stay for tasks that need them. */
static uint64_t pick_chips(uint64_t chips, int count)
{
    if (bits_count(chips) == count)
        return chips;
    for (int width = 32; width > 0; width /= 2) {
        uint64_t low_bits = ((uint64_t)1 << width) - 1;
        int start = chips == 0 ? 0 : __builtin_ctzll(chips) / (2 * width) * (2 * width);
        uint64_t low = chips & low_bits << start;
        uint64_t high = chips & ~low;
        int low_count = bits_count(low);
        int high_count = bits_count(high);

        if (low_count >= count && (high_count < count || low_count <= high_count))
            chips = low;
        else if (high_count >= count)
            chips = high;
        else
            break;
    }
    return lowest_chips(chips, count);
}

/* How many of the tasks go on each host: those with the fewest free chips first. */
static void share_out(const struct writer *writer, int rack, int tasks)
{
    const struct packing_search *search = writer->search;
    const struct ledger *ledger = search->ledger;
    const struct fleet_rack *of = &ledger->fleet->racks[rack];
    const int *bins = &ledger->bins[ledger->racks[rack].first_bin];
    bool is_first_fit = search->request->policy == PACKING_FIRST_FIT;
    int chips_per_host = ledger_rack_kind(ledger, rack)->chips_per_host;

    for (int h = 0; h < of->host_count; h++)
        writer->host_tasks[h] = 0;
    for (int f = is_first_fit ? chips_per_host : search->wants->chips_per_task;
         f <= chips_per_host && tasks > 0; f++) {
        if (bins[f] == 0 && !is_first_fit)
            continue;
        for (int h = 0; h < of->host_count && tasks > 0; h++) {
            int free_chips = bits_count(ledger->hosts[of->first_host + h].free);
            int room;

            if (free_chips != f && !is_first_fit)
                continue;
            room = packing_host_room(search, rack, of->first_host + h);
            writer->host_tasks[h] = room < tasks ? room : tasks;
            tasks -= writer->host_tasks[h];
        }
    }
}

static void write_rack(struct writer *writer, const struct packing_rack *rack)
{
    const struct packing_search *search = writer->search;
    const struct fleet_rack *of = &search->ledger->fleet->racks[rack->rack];
    int full_left = rack->full_tasks;

    share_out(writer, rack->rack, rack->full_tasks + rack->short_tasks);
    for (int h = 0; h < of->host_count; h++) {
        uint64_t chips = search->ledger->hosts[of->first_host + h].free;

        for (int i = 0; i < writer->host_tasks[h]; i++) {
            int rank = full_left > 0 ? writer->next_full++ : writer->next_short++;
            uint64_t picked = search->request->policy == PACKING_FIRST_FIT
                                  ? lowest_chips(chips, search->wants->chips_per_task)
                                  : pick_chips(chips, search->wants->chips_per_task);

            writer->out->tasks[rank] = (struct task_place){of->first_host + h, picked};
            chips &= ~picked;
            full_left--;
        }
    }
}

void packing_place(const struct packing_search *search, const struct packing_rack *racks,
    int rack_count, struct placement *out)
{
    const struct fleet *fleet = search->ledger->fleet;
    const struct shape_system *wants = search->wants;
    int host_count = fleet->catalog.systems[wants->system].host_count;
    struct writer writer = {.search = search,
        .out = out,
        .host_tasks = mem_zero((size_t)host_count, sizeof *writer.host_tasks),
        .next_short = search->full_count * wants->segment_tasks};

    *out = (struct placement){.system = search->request->where.system,
        .tasks = mem_zero((size_t)wants->task_count, sizeof *out->tasks),
        .task_count = wants->task_count};
    for (int r = 0; r < rack_count; r++) {
        if (racks[r].full_tasks + racks[r].short_tasks == 0)
            continue;
        out->site = fleet->racks[racks[r].rack].site;
        write_rack(&writer, &racks[r]);
    }
    mem_free(writer.host_tasks);
    ledger_price_placement(search->ledger, search->request->shape, out);
}
