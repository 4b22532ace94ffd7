/* What holds between manifests: names that are unique, dependencies that make no cycle. */
#include "workloads/job_private.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

struct named_spec {
    const struct job_spec *spec;
    size_t index; /* in order of reading */
};

static int compare_names(const struct job_spec *spec, const char *name, const char *tenant)
{
    int order = strcmp(spec->name, name);

    return order != 0 ? order : strcmp(spec->tenant, tenant);
}

/* By name, then order of reading. */
static int compare_by_name(const void *a, const void *b)
{
    const struct named_spec *left = a;
    const struct named_spec *right = b;
    int order = strcmp(left->spec->name, right->spec->name);

    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

/* By name and tenant, then order of reading. */
static int compare_by_name_and_tenant(const void *a, const void *b)
{
    const struct named_spec *left = a;
    const struct named_spec *right = b;
    int order = compare_names(left->spec, right->spec->name, right->spec->tenant);

    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

/* The specs from first on, sorted; gives (mem_free). */
static struct named_spec *sorted(
    const struct job_reader *r, size_t first, int (*compare)(const void *, const void *))
{
    struct named_spec *named = mem_zero(r->count - first, sizeof *named);

    for (size_t i = first; i < r->count; i++)
        named[i - first] = (struct named_spec){&r->specs[i], i};
    qsort(named, r->count - first, sizeof *named, compare);
    return named;
}

int job_check_names(const struct job_reader *r, size_t first)
{
    struct named_spec *named = sorted(r, first, compare_by_name);
    int rc = 0;

    for (size_t i = 1; i < r->count - first; i++) {
        const struct job_spec *before = named[i - 1].spec;
        const struct job_spec *spec = named[i].spec;

        if (str_equal(before->name, spec->name))
            rc = faults_error(r->faults, spec->where,
                "<job name=\"%s\">: this file has a job of that name already, in line %ld; names "
                "are unique within a file",
                spec->name, before->where.line);
    }
    mem_free(named);
    return rc;
}

/* Index of the newest job of that tenant and name in the list; -1 when none is. */
static ptrdiff_t find_newest(
    const struct named_spec *named, size_t count, const char *tenant, const char *name)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) { /* the first that comes after (name, tenant) */
        size_t middle = low + (high - low) / 2;

        if (compare_names(named[middle].spec, name, tenant) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || compare_names(named[low - 1].spec, name, tenant) != 0)
        return -1;
    return (ptrdiff_t)named[low - 1].index;
}

/* Who waits for whom, within the list. Dependents of job i: to[first[i]] … to[first[i + 1]]. */
struct job_graph {
    size_t *first;       /* count + 1 */
    size_t *to;          /* one for each edge */
    size_t *wait_counts; /* how many jobs of the list each job waits for */
};

static void graph_init(struct job_graph *graph, const struct job_reader *r)
{
    struct named_spec *named = sorted(r, 0, compare_by_name_and_tenant);
    size_t row_count = 0;
    ptrdiff_t *awaited;
    size_t row = 0;

    for (size_t i = 0; i < r->count; i++)
        row_count += r->specs[i].after_count;
    awaited = mem_zero(row_count, sizeof *awaited);
    *graph = (struct job_graph){.first = mem_zero(r->count + 1, sizeof *graph->first),
        .to = mem_zero(row_count, sizeof *graph->to),
        .wait_counts = mem_zero(r->count, sizeof *graph->wait_counts)};
    for (size_t i = 0; i < r->count; i++)
        for (size_t k = 0; k < r->specs[i].after_count; k++, row++) {
            awaited[row] = find_newest(
                named, r->count, r->specs[i].tenant, r->specs[i].after[k].job);
            if (awaited[row] >= 0) {
                graph->wait_counts[i]++;
                graph->first[awaited[row]]++;
            }
        }
    for (size_t i = 0, end = 0; i <= r->count; i++) /* counts become ends of the runs, */
        graph->first[i] = end += graph->first[i];
    row = row_count;
    for (size_t i = r->count; i-- > 0;) /* and filling from the back makes them starts */
        for (size_t k = r->specs[i].after_count; k-- > 0;)
            if (awaited[--row] >= 0)
                graph->to[--graph->first[awaited[row]]] = i;
    mem_free(awaited);
    mem_free(named);
}

static void graph_fini(struct job_graph *graph)
{
    mem_free(graph->first);
    mem_free(graph->to);
    mem_free(graph->wait_counts);
}

/* Kahn, "Topological sorting of large networks", CACM 5 (1962): take away, again and again, jobs
 * that wait for none that is left; what stays is a cycle or waits for one. */
int job_check_cycles(const struct job_reader *r)
{
    struct job_graph graph;
    size_t *ready = mem_zero(r->count, sizeof *ready);
    size_t ready_count = 0;
    int rc = 0;

    graph_init(&graph, r);
    for (size_t i = 0; i < r->count; i++)
        if (graph.wait_counts[i] == 0)
            ready[ready_count++] = i;
    for (size_t next = 0; next < ready_count; next++)
        for (size_t k = graph.first[ready[next]]; k < graph.first[ready[next] + 1]; k++)
            if (--graph.wait_counts[graph.to[k]] == 0)
                ready[ready_count++] = graph.to[k];
    for (size_t i = 0; ready_count < r->count && i < r->count; i++)
        if (graph.wait_counts[i] > 0)
            rc = faults_error(r->faults, r->specs[i].where,
                "<job name=\"%s\">: its <after> makes a cycle, or waits for one: it could never "
                "start",
                r->specs[i].name);
    graph_fini(&graph);
    mem_free(ready);
    return rc;
}
