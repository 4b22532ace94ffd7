/* What a manifest must keep to beyond the ranges of its attributes. */
#include "workloads/job_private.h"

#include "base/err.h"
#include "base/hostlist.h"
#include "base/xml.h"

#include <stdio.h>

/* A gang as the job or one of its rows has it; element says which, for messages. */
static int check_gang(struct job_reader *r, struct where where, const char *element, int tasks,
    int segment, bool has_no_work)
{
    int rc = 0;

    if (segment > tasks)
        rc = faults_error(r->faults, where,
            "%s: segment is %d tasks, and the gang has %d; give at most %d, or \"all\"", element,
            segment, tasks, tasks);
    if (has_no_work)
        rc = faults_error(r->faults, where,
            "%s: chips-per-task=\"0\" is a job of cores alone; give <gang cores-per-task=\"…\">",
            element);
    return rc;
}

static int check_gangs(struct job_reader *r, const struct job_spec *spec)
{
    bool has_cores = spec->cores_per_task > 0;
    char element[128];
    int rc;

    (void)snprintf(element, sizeof element, "<job name=\"%s\">", spec->name);
    rc = check_gang(r, spec->where, element, spec->tasks, spec->segment,
        spec->chips_per_task == 0 && !has_cores);
    for (size_t i = 0; i < spec->system_count; i++) {
        const struct job_system *row = &spec->systems[i];

        (void)snprintf(element, sizeof element, "<system id=\"%s\">", row->id);
        rc |= check_gang(r, row->where, element, row->tasks, row->segment,
            row->chips_per_task == 0 && spec->chips_per_task != 0 && !has_cores);
    }
    return rc;
}

static int check_hosts(struct job_reader *r, const struct xml_node *node, const char *text)
{
    size_t left = JOB_HOST_NAMES_MAX - r->host_name_count;
    struct hostlist list = {0};
    struct err err = {0};

    if (text == NULL)
        return 0;
    if (hostlist_expand(text, left < HOSTLIST_NAMES_MAX ? left : HOSTLIST_NAMES_MAX, &list, &err) !=
        0)
        return xml_fault(node, r->faults, "<hosts>: %s", err.text);
    r->host_name_count += list.count;
    hostlist_fini(&list);
    return 0;
}

int job_check(struct job_reader *r, const struct xml_node *node, const struct job_spec *spec)
{
    int rc = check_gangs(r, spec);

    if (spec->replicas_max > 0 && spec->kind != JOB_INFERENCE)
        rc = xml_fault(node, r->faults,
            "<replicas> belongs to kind=\"inference\"; for many jobs alike use <array>");
    if (spec->replicas_max > 0 && spec->replicas_min > spec->replicas_max)
        rc = xml_fault(node, r->faults, "<replicas>: min (%d) is above max (%d)",
            spec->replicas_min, spec->replicas_max);
    if (spec->replicas_max > 0 && spec->array_count > 0)
        rc = xml_fault(node, r->faults, "has both <replicas> and <array>; keep one");
    rc |= check_hosts(r, node, spec->hosts_only);
    rc |= check_hosts(r, node, spec->hosts_exclude);
    return rc != 0 ? -1 : 0;
}
