/* One <job>: each element a table. */
#include "workloads/job_private.h"

#include "base/err.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"

#include <math.h>
#include <stddef.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

const char *const JOB_KIND_NAMES[] = {"training", "inference", "batch", NULL};
const char *const JOB_OUTCOME_NAMES[] = {"ok", "failed", "any", NULL};
const char *const JOB_SPREAD_NAMES[] = {"none", "rack", "feed", "hall", "site", NULL};

/* The signals that programs know for "write a checkpoint now". */
static const char *const SIGNAL_NAMES[] = {
    "USR1", "USR2", "HUP", "INT", "TERM", "ALRM", "CONT", NULL};

enum yes_no { GIVEN_NO, GIVEN_YES, GIVEN_NOT };
static const char *const YES_NO_NAMES[] = {"no", "yes", NULL};

/* Everything that attributes of a job's elements say, as they are written. */
struct job_fields {
    const char *name, *tenant;
    int kind, interruptible, portable, held;
    int64_t priority;
    double value_usd_per_hour, power_frac;
    int64_t tasks, chips_per_task;
    const char *segment;
    double cores_per_task, memory_gb_per_task;
    const char *directory, *output;
    double wall_minutes, lease_minutes;
    int64_t grace_seconds, retries;
    int signal;
    double every_minutes;
    int64_t deadline_ms;
    const char *hosts_only, *hosts_exclude;
    int64_t replicas_min, replicas_max;
    int spread;
    int64_t array_count;
    double work_minutes, submit_minutes;
};

#define F(attribute, type, need, member, low, high, choices)                                       \
    {                                                                                              \
        attribute, type, need, offsetof(struct job_fields, member), low, high, choices             \
    }
#define NUMBER(attribute, member, low, high)                                                       \
    F(attribute, XML_NUMBER, XML_OPTIONAL, member, low, high, NULL)
#define COUNT(attribute, member, low, high)                                                        \
    F(attribute, XML_COUNT, XML_OPTIONAL, member, low, high, NULL)
#define CHOICE(attribute, member, names) F(attribute, XML_CHOICE, XML_OPTIONAL, member, 0, 0, names)

static const struct xml_field JOB_FIELDS[] = {
    F("name", XML_ID, XML_REQUIRED, name, 0, 0, NULL),
    F("kind", XML_CHOICE, XML_REQUIRED, kind, 0, 0, JOB_KIND_NAMES),
    F("tenant", XML_ID, XML_OPTIONAL, tenant, 0, 0, NULL),
    COUNT("priority", priority, 0, 1000),
    NUMBER("value-usd-per-hour", value_usd_per_hour, 0, 1e12),
    NUMBER("power-fraction", power_frac, 0.01, 1),
    CHOICE("interruptible", interruptible, YES_NO_NAMES),
    CHOICE("portable", portable, YES_NO_NAMES),
    CHOICE("hold", held, YES_NO_NAMES),
};
static const struct xml_field GANG_FIELDS[] = {
    F("tasks", XML_COUNT, XML_REQUIRED, tasks, 1, JOB_TASKS_MAX, NULL),
    COUNT("chips-per-task", chips_per_task, 0, 64),
    F("segment", XML_TEXT, XML_OPTIONAL, segment, 0, 0, NULL),
    NUMBER("cores-per-task", cores_per_task, 0, 1e6),
    NUMBER("memory-gb-per-task", memory_gb_per_task, 0, 1e6),
};
static const struct xml_field DIRECTORY_FIELDS[] = {
    F("path", XML_TEXT, XML_REQUIRED, directory, 0, 0, NULL)};
static const struct xml_field OUTPUT_FIELDS[] = {
    F("path", XML_TEXT, XML_REQUIRED, output, 0, 0, NULL)};
static const struct xml_field LIMITS_FIELDS[] = {
    NUMBER("wall-minutes", wall_minutes, 0.001, 1e7),
    NUMBER("lease-minutes", lease_minutes, 0.05, 10080),
    COUNT("grace-seconds", grace_seconds, 0, 86400),
    COUNT("retries", retries, 0, 1000),
};
static const struct xml_field CHECKPOINT_FIELDS[] = {
    CHOICE("signal", signal, SIGNAL_NAMES),
    NUMBER("every-minutes", every_minutes, 0.01, 1e6),
};
static const struct xml_field DEADLINE_FIELDS[] = {
    F("at", XML_INSTANT, XML_REQUIRED, deadline_ms, 0, 0, NULL)};
static const struct xml_field HOSTS_FIELDS[] = {
    F("only", XML_TEXT, XML_OPTIONAL, hosts_only, 0, 0, NULL),
    F("exclude", XML_TEXT, XML_OPTIONAL, hosts_exclude, 0, 0, NULL),
};
static const struct xml_field REPLICAS_FIELDS[] = {
    COUNT("min", replicas_min, 1, JOB_REPLICAS_MAX),
    F("max", XML_COUNT, XML_REQUIRED, replicas_max, 1, JOB_REPLICAS_MAX, NULL),
    CHOICE("spread", spread, JOB_SPREAD_NAMES),
};
static const struct xml_field ARRAY_FIELDS[] = {
    F("count", XML_COUNT, XML_REQUIRED, array_count, 1, JOB_ARRAY_MAX, NULL)};
static const struct xml_field WORK_FIELDS[] = {
    F("minutes", XML_NUMBER, XML_REQUIRED, work_minutes, 0.0001, 1e8, NULL),
    NUMBER("submit-minutes", submit_minutes, 0, 1e8),
};

/* Elements that stand at most once in a job, and their tables. */
struct job_element {
    const char *name;
    const struct xml_field *fields;
    size_t field_count;
};
static const struct job_element ELEMENTS[] = {
    {"gang", GANG_FIELDS, COUNT_OF(GANG_FIELDS)},
    {"directory", DIRECTORY_FIELDS, COUNT_OF(DIRECTORY_FIELDS)},
    {"output", OUTPUT_FIELDS, COUNT_OF(OUTPUT_FIELDS)},
    {"limits", LIMITS_FIELDS, COUNT_OF(LIMITS_FIELDS)},
    {"checkpoint", CHECKPOINT_FIELDS, COUNT_OF(CHECKPOINT_FIELDS)},
    {"deadline", DEADLINE_FIELDS, COUNT_OF(DEADLINE_FIELDS)},
    {"hosts", HOSTS_FIELDS, COUNT_OF(HOSTS_FIELDS)},
    {"replicas", REPLICAS_FIELDS, COUNT_OF(REPLICAS_FIELDS)},
    {"array", ARRAY_FIELDS, COUNT_OF(ARRAY_FIELDS)},
    {"work", WORK_FIELDS, COUNT_OF(WORK_FIELDS)},
};
static const char *const JOB_CHILDREN[] = {"gang", "system", "command", "env", "directory",
    "output", "limits", "checkpoint", "after", "deadline", "hosts", "replicas", "array", "work",
    NULL};
static const char *const NO_CHILDREN[] = {NULL};

static int read_elements(
    struct job_reader *r, const struct xml_node *node, struct job_fields *fields)
{
    int rc = 0;

    for (size_t i = 0; i < COUNT_OF(ELEMENTS); i++) {
        const struct job_element *element = &ELEMENTS[i];
        const struct xml_node *child = xml_first_named(node, element->name);

        if (child == NULL)
            continue;
        if (xml_next_named(child, element->name) != NULL)
            rc = xml_fault(node, r->faults, "has more than one <%s>; keep one", element->name);
        if (xml_read(child, element->fields, element->field_count, fields, r->arena, r->faults) |
            xml_check_children(child, NO_CHILDREN, false, r->faults))
            rc = -1;
    }
    if (xml_first_named(node, "gang") == NULL)
        rc = xml_fault(node, r->faults,
            "has no <gang>; say how many tasks it is: <gang "
            "tasks=\"1\"/>");
    return rc;
}

static const struct xml_field AFTER_FIELDS[] = {
    {"job", XML_ID, XML_REQUIRED, offsetof(struct job_after, job), 0, 0, NULL},
    {"outcome", XML_CHOICE, XML_OPTIONAL, offsetof(struct job_after, outcome), 0, 0,
        JOB_OUTCOME_NAMES},
};
enum { AFTER_MAX = 256 };
_Static_assert(sizeof(enum job_outcome) == sizeof(int), "a choice is read as an int");

static int read_after(struct job_reader *r, const struct xml_node *node, struct job_spec *spec)
{
    struct job_after rows[AFTER_MAX];
    int rc = 0;

    for (const struct xml_node *child = xml_first_named(node, "after"); child != NULL;
         child = xml_next_named(child, "after")) {
        struct job_after *after = &rows[spec->after_count];

        if (spec->after_count + 1 >= AFTER_MAX)
            return xml_fault(node, r->faults, "has over %d <after> rows", AFTER_MAX - 1);
        *after = (struct job_after){
            .outcome = JOB_AFTER_OK, .where = keeper_where(&r->keeper, xml_where(child))};
        if (xml_read(child, AFTER_FIELDS, COUNT_OF(AFTER_FIELDS), after, r->arena, r->faults) |
            xml_check_children(child, NO_CHILDREN, false, r->faults))
            rc = -1;
        else
            spec->after_count++;
    }
    spec->after = arena_copy(r->arena, rows, spec->after_count, sizeof *rows);
    return rc;
}

static bool given_or(int given, bool otherwise)
{
    return given == GIVEN_NOT ? otherwise : given == GIVEN_YES;
}

static void fill_spec(const struct job_fields *f, bool has_checkpoint, struct job_spec *out)
{
    out->name = f->name;
    out->kind = (enum job_kind)f->kind;
    out->tenant = f->tenant;
    out->priority = (int)f->priority;
    out->value_usd_per_hour = f->value_usd_per_hour;
    out->power_frac = f->power_frac;
    out->is_held = given_or(f->held, false);
    out->is_portable = given_or(f->portable, false);
    out->is_interruptible = given_or(f->interruptible, f->kind == JOB_BATCH || has_checkpoint);
    out->tasks = (int)f->tasks;
    out->chips_per_task = (int)f->chips_per_task;
    out->cores_per_task = f->cores_per_task;
    out->memory_gb_per_task = f->memory_gb_per_task;
    out->directory = f->directory;
    out->output = f->output;
    out->wall_minutes = f->wall_minutes;
    out->grace_seconds = (int)f->grace_seconds;
    out->retries = (int)f->retries;
    out->lease_minutes = f->lease_minutes;
    out->checkpoint_signal = has_checkpoint ? SIGNAL_NAMES[f->signal] : NULL;
    out->checkpoint_every_minutes = f->every_minutes;
    out->deadline_ms = f->deadline_ms;
    out->hosts_only = f->hosts_only;
    out->hosts_exclude = f->hosts_exclude;
    out->replicas_min = (int)f->replicas_min;
    out->replicas_max = (int)f->replicas_max;
    out->spread = (enum job_spread)f->spread;
    out->array_count = (int)f->array_count;
    out->work_minutes = f->work_minutes;
    out->submit_minutes = f->submit_minutes;
}

int job_read(struct job_reader *r, const struct xml_node *node, struct job_spec *out)
{
    struct job_fields fields = {.tenant = "default",
        .kind = JOB_TRAINING,
        .interruptible = GIVEN_NOT,
        .portable = GIVEN_NOT,
        .held = GIVEN_NOT,
        .priority = JOB_PRIORITY_DEFAULT,
        .value_usd_per_hour = NAN,
        .power_frac = 1,
        .tasks = 1,
        .chips_per_task = JOB_CHIPS_ALL,
        .lease_minutes = JOB_LEASE_MINUTES_DEFAULT,
        .grace_seconds = JOB_GRACE_SECONDS_DEFAULT,
        .deadline_ms = INT64_MAX,
        .work_minutes = NAN};
    size_t errors_before = r->faults->error_count;

    *out = (struct job_spec){.where = keeper_where(&r->keeper, xml_where(node))};
    (void)xml_read(node, JOB_FIELDS, COUNT_OF(JOB_FIELDS), &fields, r->arena, r->faults);
    (void)xml_check_children(node, JOB_CHILDREN, false, r->faults);
    (void)read_elements(r, node, &fields);
    if (fields.replicas_max > 0 && fields.replicas_min == 0)
        fields.replicas_min = 1;
    fill_spec(&fields, xml_first_named(node, "checkpoint") != NULL, out);
    (void)job_read_segment(r, node, fields.segment, &out->segment);
    (void)job_read_command(r, node, &out->command);
    (void)job_read_env(r, node, &out->env, &out->env_count);
    (void)job_read_systems(r, node, out);
    (void)read_after(r, node, out);
    if (r->faults->error_count != errors_before)
        return -1;
    return job_check(r, node, out);
}
