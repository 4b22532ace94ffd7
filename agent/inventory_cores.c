#include "agent/inventory_private.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <math.h>
#include <stdlib.h>

enum { WORD_BITS = 64 };

static const double ROUNDING = 1e-6; /* 2.0000001 cores are two */

/* How far a NUMA node is from the task: 0 its own, 1 in the same package, 2 elsewhere. */
enum distance { DISTANCE_OWN, DISTANCE_PACKAGE, DISTANCE_FAR };

/* A core that has threads left. */
struct spare_core {
    int first, count; /* its threads in the floor */
    int free_count;
    int distance;
    int place; /* among the cores of its node: cores are taken in turn from equally near nodes */
    int node;
};

struct choice {
    const struct inventory_floor *floor;
    const uint64_t *taken;
    size_t taken_words;
    int distance_of_node[INVENTORY_NODES_MAX];
    struct spare_core *cores; /* owned */
    int core_count;
    bool *is_chosen; /* owned; by thread of the floor */
    int missing;
};

static bool is_free(const struct choice *choice, int thread)
{
    size_t os_index = (size_t)choice->floor->threads[thread].os_index;

    if (choice->taken == NULL)
        return true;
    if (os_index / WORD_BITS >= choice->taken_words)
        return false;
    return (choice->taken[os_index / WORD_BITS] >> (os_index % WORD_BITS) & 1) == 0;
}

static bool mark_chip_nodes(
    struct choice *choice, const struct inventory *inventory, uint64_t chips)
{
    bool is_known = false;

    for (int i = 0; i < inventory->chip_count; i++) {
        int node = inventory->chips[i].numa_node;

        if ((chips >> i & 1) == 0 || node < 0 || node >= choice->floor->node_count)
            continue;
        choice->distance_of_node[node] = DISTANCE_OWN;
        is_known = true;
    }
    return is_known;
}

/* A task without chips stays on one node: the fullest that still has room. */
static void mark_fitting_node(struct choice *choice)
{
    int best = -1;
    int best_free = 0;

    for (int node = 0; node < choice->floor->node_count; node++) {
        int free_count = 0;

        for (int i = 0; i < choice->floor->thread_count; i++)
            free_count += choice->floor->threads[i].numa_node == node && is_free(choice, i);
        if (free_count >= choice->missing && (best < 0 || free_count < best_free)) {
            best = node;
            best_free = free_count;
        }
    }
    if (best >= 0)
        choice->distance_of_node[best] = DISTANCE_OWN;
}

static void mark_packages(struct choice *choice)
{
    const struct inventory_floor *floor = choice->floor;

    for (int a = 0; a < floor->node_count; a++)
        for (int b = 0; b < floor->node_count; b++)
            if (choice->distance_of_node[a] == DISTANCE_FAR &&
                choice->distance_of_node[b] == DISTANCE_OWN && floor->package_of_node[a] >= 0 &&
                floor->package_of_node[a] == floor->package_of_node[b])
                choice->distance_of_node[a] = DISTANCE_PACKAGE;
}

static void list_cores(struct choice *choice)
{
    const struct inventory_floor *floor = choice->floor;
    int places[INVENTORY_NODES_MAX + 1] = {0};

    for (int i = 0; i < floor->thread_count;) {
        int node = floor->threads[i].numa_node;
        struct spare_core *core = &choice->cores[choice->core_count];

        *core = (struct spare_core){.first = i,
            .node = node,
            .distance = node < 0 ? DISTANCE_FAR : choice->distance_of_node[node]};
        for (;
             i < floor->thread_count && floor->threads[i].core == floor->threads[core->first].core;
             i++) {
            core->count++;
            core->free_count += is_free(choice, i);
        }
        core->place = places[node + 1]++;
        choice->core_count += core->free_count > 0;
    }
}

/* Whole cores first, near ones first, in turn from equally near nodes. */
static int compare_cores(const void *a, const void *b)
{
    const struct spare_core *x = a;
    const struct spare_core *y = b;
    bool x_whole = x->free_count == x->count;
    bool y_whole = y->free_count == y->count;

    if (x_whole != y_whole)
        return x_whole ? -1 : 1;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return x->node - y->node;
}

static void take_threads(struct choice *choice)
{
    for (int c = 0; c < choice->core_count && choice->missing > 0; c++) {
        const struct spare_core *core = &choice->cores[c];

        for (int i = core->first; i < core->first + core->count && choice->missing > 0; i++) {
            if (!is_free(choice, i))
                continue;
            choice->is_chosen[i] = true;
            choice->missing--;
        }
    }
}

static int compare_numbers(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* "0-3,8" */
static void print_list(int *numbers, int count, struct str *out)
{
    qsort(numbers, (size_t)count, sizeof *numbers, compare_numbers);
    for (int i = 0; i < count;) {
        int last = i;

        while (last + 1 < count && numbers[last + 1] == numbers[last] + 1)
            last++;
        str_format(out, "%s%d", i > 0 ? "," : "", numbers[i]);
        if (last > i)
            str_format(out, "-%d", numbers[last]);
        i = last + 1;
    }
}

static void commit_choice(const struct choice *choice, uint64_t *taken, struct str *cpuset)
{
    const struct inventory_floor *floor = choice->floor;
    int *numbers = mem_zero((size_t)floor->thread_count, sizeof *numbers);
    int count = 0;

    for (int i = 0; i < floor->thread_count; i++) {
        size_t os_index = (size_t)floor->threads[i].os_index;

        if (!choice->is_chosen[i])
            continue;
        numbers[count++] = (int)os_index;
        if (taken != NULL)
            taken[os_index / WORD_BITS] |= (uint64_t)1 << (os_index % WORD_BITS);
    }
    print_list(numbers, count, cpuset);
    mem_free(numbers);
}

int inventory_choose_cores(struct inventory *inventory, uint64_t chips, double cores,
    uint64_t *taken, size_t taken_words, struct str *cpuset, struct err *err)
{
    const struct inventory_floor *floor = inventory->floor;
    double needed = ceil(cores - ROUNDING);
    struct choice choice = {.floor = floor, .taken = taken, .taken_words = taken_words};
    int rc = -1;

    if (!(needed <= floor->thread_count))
        return err_set(err, ERR_LIMIT, "%g cores are asked for, and the host has %d", cores,
            floor->thread_count);
    choice.missing = needed < 1 ? 1 : (int)needed;
    for (int i = 0; i < INVENTORY_NODES_MAX; i++)
        choice.distance_of_node[i] = DISTANCE_FAR;
    if (!mark_chip_nodes(&choice, inventory, chips))
        mark_fitting_node(&choice);
    mark_packages(&choice);
    choice.cores = mem_zero((size_t)floor->thread_count + 1, sizeof *choice.cores);
    choice.is_chosen = mem_zero((size_t)floor->thread_count, sizeof *choice.is_chosen);
    list_cores(&choice);
    qsort(choice.cores, (size_t)choice.core_count, sizeof *choice.cores, compare_cores);
    take_threads(&choice);
    if (choice.missing > 0) {
        (void)err_set(
            err, ERR_LIMIT, "%g cores are asked for, and %d fewer are left", cores, choice.missing);
        goto out;
    }
    commit_choice(&choice, taken, cpuset);
    rc = 0;
out:
    mem_free(choice.is_chosen);
    mem_free(choice.cores);
    return rc;
}

static double chip_share(const struct inventory *inventory, uint64_t chips)
{
    int count = 0;

    for (int i = 0; i < inventory->chip_count; i++)
        count += (int)(chips >> i & 1);
    return inventory->chip_count == 0 ? 0 : (double)count / inventory->chip_count;
}

double inventory_core_share(const struct inventory *inventory, uint64_t chips)
{
    double share = inventory->thread_count * chip_share(inventory, chips);

    return share < 1 ? 1 : share;
}

double inventory_memory_share_gb(const struct inventory *inventory, uint64_t chips)
{
    return (double)inventory->memory_bytes / 1e9 * chip_share(inventory, chips);
}
