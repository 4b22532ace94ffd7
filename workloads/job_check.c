/* What a manifest must keep to beyond the ranges of its attributes. */
#include "workloads/job_private.h"

#include "base/err.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_segment(
    struct job_reader *r, const struct xml_node *node, const char *whose, int segment, int tasks)
{
    if (segment > tasks)
        return xml_fault(node, r->faults,
            "%ssegment is %d tasks, and the gang has %d; give at most %d, or \"all\"", whose,
            segment, tasks, tasks);
    return 0;
}

static int check_hosts(struct job_reader *r, const struct xml_node *node, const char *text)
{
    struct hostlist list = {0};
    struct err err = {0};
    int rc = 0;

    if (text == NULL)
        return 0;
    if (hostlist_expand(text, HOSTLIST_NAMES_MAX, &list, &err) != 0)
        rc = xml_fault(node, r->faults, "<hosts>: %s", err.text);
    hostlist_fini(&list);
    return rc;
}

int job_check(struct job_reader *r, const struct xml_node *node, const struct job_spec *spec)
{
    int rc = check_segment(r, node, "", spec->segment, spec->tasks);

    for (size_t i = 0; i < spec->system_count; i++) {
        char whose[96];

        (void)snprintf(whose, sizeof whose, "row of system %.64s: ", spec->systems[i].id);
        rc |= check_segment(r, node, whose, spec->systems[i].segment, spec->systems[i].tasks);
    }
    if (spec->replicas_max > 0 && spec->kind != JOB_INFERENCE)
        rc = xml_fault(node, r->faults,
            "<replicas> belongs to kind=\"inference\"; for many jobs alike use <array>");
    if (spec->replicas_max > 0 && spec->replicas_min > spec->replicas_max)
        rc = xml_fault(node, r->faults, "<replicas>: min (%d) is above max (%d)",
            spec->replicas_min, spec->replicas_max);
    if (spec->replicas_max > 0 && spec->array_count > 0)
        rc = xml_fault(node, r->faults, "has both <replicas> and <array>; keep one");
    if (spec->chips_per_task == 0 && spec->cores_per_task <= 0)
        rc = xml_fault(node, r->faults,
            "<gang chips-per-task=\"0\"> is a job of cores alone; give cores-per-task");
    rc |= check_hosts(r, node, spec->hosts_only);
    rc |= check_hosts(r, node, spec->hosts_exclude);
    return rc != 0 ? -1 : 0;
}

struct named_spec {
    const struct job_spec *spec;
    size_t index;
};

/* By tenant and name, then order of reading. */
static int compare_named(const void *a, const void *b)
{
    const struct named_spec *left = a;
    const struct named_spec *right = b;
    int order = strcmp(left->spec->tenant, right->spec->tenant);

    if (order == 0)
        order = strcmp(left->spec->name, right->spec->name);
    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static struct named_spec *sorted_by_name(const struct job_reader *r, size_t first)
{
    struct named_spec *named = mem_zero(r->count - first, sizeof *named);

    for (size_t i = first; i < r->count; i++)
        named[i - first] = (struct named_spec){&r->specs[i], i};
    qsort(named, r->count - first, sizeof *named, compare_named);
    return named;
}

int job_check_names(const struct job_reader *r, size_t first)
{
    struct named_spec *named = sorted_by_name(r, first);
    int rc = 0;

    for (size_t i = 1; i < r->count - first; i++) {
        const struct job_spec *spec = named[i].spec;

        if (str_equal(named[i - 1].spec->name, spec->name) &&
            str_equal(named[i - 1].spec->tenant, spec->tenant))
            rc = faults_error(r->faults, spec->where,
                "<job name=\"%s\">: this file has a job of that name already, in line %ld; names "
                "are unique within a file",
                spec->name, named[i - 1].spec->where.line);
    }
    mem_free(named);
    return rc;
}

/* The newest job of that tenant and name that is in the list; NULL when none is. */
static const struct named_spec *find_named(
    const struct named_spec *named, size_t count, const char *tenant, const char *name)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) { /* the first that comes after (tenant, name) */
        size_t middle = low + (high - low) / 2;
        int order = strcmp(named[middle].spec->tenant, tenant);

        if (order == 0)
            order = strcmp(named[middle].spec->name, name);
        if (order <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || !str_equal(named[low - 1].spec->tenant, tenant) ||
        !str_equal(named[low - 1].spec->name, name))
        return NULL;
    return &named[low - 1];
}

/* Kahn: take away, again and again, jobs that wait for none that is left; what stays is a cycle or
 * waits for one. */
int job_check_cycles(const struct job_reader *r)
{
    struct named_spec *named = sorted_by_name(r, 0);
    bool *is_done = mem_zero(r->count, sizeof *is_done);
    size_t left = r->count;
    bool has_moved = true;
    int rc = 0;

    while (has_moved) {
        has_moved = false;
        for (size_t i = 0; i < r->count; i++) {
            bool is_ready = !is_done[i];

            for (size_t k = 0; is_ready && k < r->specs[i].after_count; k++) {
                const struct named_spec *other = find_named(
                    named, r->count, r->specs[i].tenant, r->specs[i].after[k].job);

                is_ready = other == NULL || is_done[other->index];
            }
            if (is_ready) {
                is_done[i] = true;
                has_moved = true;
                left--;
            }
        }
    }
    for (size_t i = 0; left > 0 && i < r->count; i++)
        if (!is_done[i]) {
            rc = faults_error(r->faults, r->specs[i].where,
                "<job name=\"%s\">: its <after> makes a cycle, or waits for one: it could never "
                "start",
                r->specs[i].name);
        }
    mem_free(is_done);
    mem_free(named);
    return rc;
}
