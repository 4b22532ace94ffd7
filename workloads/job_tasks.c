/* Whether what a job runs can be given to hosts. */
#include "workloads/job.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_OVERHEAD_BYTES = 8, ELEMENT_BYTES = 128 };

static size_t text_bytes(const char *text)
{
    return text != NULL ? strlen(text) + TEXT_OVERHEAD_BYTES : 0;
}

static size_t task_bytes(const struct job_spec *spec, const struct job_command *command,
    const struct job_env *env, size_t env_count)
{
    size_t bytes = text_bytes(command->path) + text_bytes(spec->directory) +
                   text_bytes(spec->output);

    for (size_t i = 0; i < command->arg_count; i++)
        bytes += text_bytes(command->args[i]);
    for (size_t i = 0; i < env_count; i++)
        bytes += text_bytes(env[i].name) + text_bytes(env[i].value);
    return bytes;
}

static int check_bytes(struct where where, const char *element, size_t bytes, struct faults *faults)
{
    if (bytes <= JOB_TASK_BYTES)
        return 0;
    return faults_error(faults, where,
        "%s: command, arguments and environment of a task are %zu bytes; a host takes at most %d: "
        "put the rest into a file",
        element, bytes, JOB_TASK_BYTES);
}

static int check_spec(const struct job_spec *spec, struct faults *faults)
{
    char element[ELEMENT_BYTES];
    int rc;

    (void)snprintf(element, sizeof element, "<job name=\"%s\">", spec->name);
    rc = check_bytes(
        spec->where, element, task_bytes(spec, &spec->command, spec->env, spec->env_count), faults);
    if (spec->directory != NULL && spec->directory[0] != '/')
        rc = faults_error(faults, spec->where,
            "%s: <directory path=\"%.80s\"> is not an absolute path; tasks run on other hosts, "
            "where nothing says what it is relative to",
            element, spec->directory);
    for (size_t i = 0; i < spec->system_count; i++) {
        const struct job_system *row = &spec->systems[i];

        if (row->command.path == spec->command.path && row->env == spec->env)
            continue;
        (void)snprintf(element, sizeof element, "<system id=\"%s\">", row->id);
        rc |= check_bytes(
            row->where, element, task_bytes(spec, &row->command, row->env, row->env_count), faults);
    }
    return rc;
}

int job_list_check_tasks(const struct job_list *list, struct faults *faults)
{
    int rc = 0;

    for (size_t i = 0; i < list->count; i++)
        rc |= check_spec(&list->specs[i], faults);
    return rc != 0 ? -1 : 0;
}
