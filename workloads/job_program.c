/* What a job runs: its command, environment, and the rows by system that replace them. */
#include "workloads/job_private.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ARGS_MAX = 4096, ENV_MAX = 1024, SYSTEMS_MAX = 64 };

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

struct command_fields {
    const char *path;
};
static const struct xml_field COMMAND_FIELDS[] = {
    {"path", XML_TEXT, XML_REQUIRED, offsetof(struct command_fields, path), 0, 0, NULL},
};
static const struct xml_field ENV_FIELDS[] = {
    {"name", XML_TEXT, XML_REQUIRED, offsetof(struct job_env, name), 0, 0, NULL},
    {"value", XML_ANY_TEXT, XML_OPTIONAL, offsetof(struct job_env, value), 0, 0, NULL},
};
static const char *const COMMAND_CHILDREN[] = {"arg", NULL};
static const char *const NO_CHILDREN[] = {NULL};

static size_t count_named(const struct xml_node *node, const char *name)
{
    size_t count = 0;

    for (const struct xml_node *child = xml_first_named(node, name); child != NULL;
         child = xml_next_named(child, name))
        count++;
    return count;
}

int job_read_command(struct job_reader *r, const struct xml_node *node, struct job_command *out)
{
    const struct xml_node *command = xml_first_named(node, "command");
    struct command_fields fields = {0};
    const char **args;
    size_t arg_count;
    size_t i = 0;
    int rc;

    if (command == NULL)
        return 0;
    if (xml_next_named(command, "command") != NULL)
        return xml_fault(node, r->faults, "has more than one <command>; keep one");
    rc = xml_read(command, COMMAND_FIELDS, COUNT_OF(COMMAND_FIELDS), &fields, r->arena, r->faults);
    if (xml_check_children(command, COMMAND_CHILDREN, false, r->faults) != 0)
        rc = -1;
    arg_count = count_named(command, "arg");
    if (arg_count > ARGS_MAX)
        return xml_fault(command, r->faults, "has over %d arguments", ARGS_MAX);
    args = arena_zero(r->arena, arg_count, sizeof *args);
    for (const struct xml_node *arg = xml_first_named(command, "arg"); arg != NULL;
         arg = xml_next_named(arg, "arg")) {
        char *text = xml_text_inside(arg);

        if (xml_read(arg, NULL, 0, NULL, r->arena, r->faults) |
            xml_check_children(arg, NO_CHILDREN, true, r->faults))
            rc = -1;
        args[i++] = arena_copy_text(r->arena, text);
        mem_free(text);
    }
    *out = (struct job_command){.path = fields.path, .args = args, .arg_count = arg_count};
    return rc;
}

static int read_variable(struct job_reader *r, const struct xml_node *row, struct job_env *out)
{
    *out = (struct job_env){.value = ""};
    if (xml_read(row, ENV_FIELDS, COUNT_OF(ENV_FIELDS), out, r->arena, r->faults) |
        xml_check_children(row, NO_CHILDREN, false, r->faults))
        return -1;
    if (strchr(out->name, '=') != NULL)
        return xml_fault(row, r->faults, "a variable's name can't hold '='");
    return 0;
}

int job_read_env(struct job_reader *r, const struct xml_node *node, const struct job_env **out,
    size_t *out_count)
{
    size_t count = count_named(node, "env");
    struct job_env *env;
    size_t i = 0;
    int rc = 0;

    if (count == 0)
        return 0;
    if (count > ENV_MAX)
        return xml_fault(node, r->faults, "has over %d <env> rows", ENV_MAX);
    env = arena_zero(r->arena, count, sizeof *env);
    for (const struct xml_node *row = xml_first_named(node, "env"); row != NULL;
         row = xml_next_named(row, "env")) {
        if (read_variable(r, row, &env[i]) != 0) {
            rc = -1;
            continue;
        }
        for (size_t k = 0; k < i; k++)
            if (str_equal(env[k].name, env[i].name))
                rc = xml_fault(row, r->faults, "the variable is set twice; keep one");
        i++;
    }
    *out = env;
    *out_count = i;
    return rc;
}

struct system_fields {
    const char *id;
    double throughput;
    int64_t tasks, chips_per_task;
    const char *segment;
};
static const struct xml_field SYSTEM_FIELDS[] = {
    {"id", XML_ID, XML_REQUIRED, offsetof(struct system_fields, id), 0, 0, NULL},
    {"throughput", XML_NUMBER, XML_OPTIONAL, offsetof(struct system_fields, throughput), 1e-9, 1e9,
        NULL},
    {"tasks", XML_COUNT, XML_OPTIONAL, offsetof(struct system_fields, tasks), 1, JOB_TASKS_MAX,
        NULL},
    {"segment", XML_TEXT, XML_OPTIONAL, offsetof(struct system_fields, segment), 0, 0, NULL},
    {"chips-per-task", XML_COUNT, XML_OPTIONAL, offsetof(struct system_fields, chips_per_task), 0,
        64, NULL},
};
static const char *const SYSTEM_CHILDREN[] = {"command", "env", NULL};

int job_read_segment(struct job_reader *r, const struct xml_node *node, const char *text, int *out)
{
    int64_t segment = 0;

    if (text == NULL)
        return 0;
    if (str_equal(text, "all")) {
        *out = JOB_SEGMENT_ALL;
        return 0;
    }
    if (str_parse_int(text, &segment) != 0 || segment < 1 || segment > JOB_TASKS_MAX)
        return xml_fault(node, r->faults,
            "attribute 'segment' is '%.40s'; write how many tasks share one domain, or \"all\"",
            text);
    *out = (int)segment;
    return 0;
}

static int read_system(struct job_reader *r, const struct xml_node *node,
    const struct job_spec *spec, struct job_system *out)
{
    struct system_fields fields = {
        .throughput = 1, .tasks = spec->tasks, .chips_per_task = spec->chips_per_task};
    int rc = xml_read(node, SYSTEM_FIELDS, COUNT_OF(SYSTEM_FIELDS), &fields, r->arena, r->faults);

    *out = (struct job_system){.id = fields.id,
        .throughput = fields.throughput,
        .tasks = (int)fields.tasks,
        .segment = spec->segment > (int)fields.tasks ? (int)fields.tasks : spec->segment,
        .chips_per_task = (int)fields.chips_per_task,
        .command = spec->command,
        .env = spec->env,
        .env_count = spec->env_count,
        .where = keeper_where(&r->keeper, xml_where(node))};
    if (xml_check_children(node, SYSTEM_CHILDREN, false, r->faults) != 0 ||
        job_read_segment(r, node, fields.segment, &out->segment) != 0 ||
        job_read_command(r, node, &out->command) != 0 ||
        job_read_env(r, node, &out->env, &out->env_count) != 0)
        rc = -1;
    return rc;
}

int job_read_systems(struct job_reader *r, const struct xml_node *node, struct job_spec *spec)
{
    size_t count = count_named(node, "system");
    struct job_system *systems;
    int rc = 0;

    if (count > SYSTEMS_MAX)
        return xml_fault(node, r->faults, "has over %d <system> rows", SYSTEMS_MAX);
    systems = arena_zero(r->arena, count, sizeof *systems);
    for (const struct xml_node *row = xml_first_named(node, "system"); row != NULL;
         row = xml_next_named(row, "system")) {
        struct job_system *system = &systems[spec->system_count];

        if (read_system(r, row, spec, system) != 0) {
            rc = -1;
            continue;
        }
        for (size_t i = 0; i < spec->system_count; i++)
            if (str_equal(systems[i].id, system->id))
                rc = xml_fault(row, r->faults, "system %s has a row already, in line %ld",
                    system->id, systems[i].where.line);
        spec->system_count++;
    }
    spec->systems = systems;
    return rc;
}
