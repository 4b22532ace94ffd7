/*
 * job: what an infrastructure team asks for: a gang of tasks, the systems that it can run on, its
 * limits and value. A manifest as plain data, checked by itself; what depends on a fleet (does such
 * a system stand there, what is it worth) is reckoned by job_shape.
 */
#ifndef WORKLOADS_JOB_H
#define WORKLOADS_JOB_H

#include "base/faults.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct xml_schema;

enum job_kind { JOB_TRAINING, JOB_INFERENCE, JOB_BATCH };
extern const char *const JOB_KIND_NAMES[];

enum {
    JOB_SEGMENT_NONE = 0, /* anywhere in one site, in as few domains as can be */
    JOB_SEGMENT_ALL = -1, /* the whole gang in one domain */
    JOB_CHIPS_ALL = -1,   /* all chips of a host */
    JOB_PRIORITY_DEFAULT = 500,
    JOB_GRACE_SECONDS_DEFAULT = 30,
    JOB_LEASE_MINUTES_DEFAULT = 15,
    JOB_MANIFEST_BYTES = 256 * 1024,
    JOB_TASK_BYTES = 128 * 1024, /* of what a task runs, as job_list_check_tasks counts */
    JOB_TASKS_MAX = 1000000,
    JOB_ARRAY_MAX = 100000,
    JOB_REPLICAS_MAX = 100000
};

struct job_command {
    const char *path;
    const char *const *args;
    size_t arg_count;
};

struct job_env {
    const char *name, *value;
};

/* A <system> row: the job can run there, and how fast. Fields that the row leaves out hold the
 * job's own. */
struct job_system {
    const char *id;
    double throughput; /* one whole gang against another */
    int tasks;
    int segment;
    int chips_per_task;
    struct job_command command;
    const struct job_env *env;
    size_t env_count;
    struct where where;
};

enum job_outcome { JOB_AFTER_OK, JOB_AFTER_FAILED, JOB_AFTER_ANY };
extern const char *const JOB_OUTCOME_NAMES[];

struct job_after {
    const char *job; /* the newest of that name in the tenant, or an id */
    enum job_outcome outcome;
    struct where where;
};

enum job_spread {
    JOB_SPREAD_NONE,
    JOB_SPREAD_RACK,
    JOB_SPREAD_FEED,
    JOB_SPREAD_HALL,
    JOB_SPREAD_SITE
};
extern const char *const JOB_SPREAD_NAMES[];

struct job_spec {
    const char *name;
    enum job_kind kind;
    const char *tenant;
    int priority;              /* 0 to 1000 */
    double value_usd_per_hour; /* of one gang at throughput 1; NAN: left out */
    double power_frac;         /* pi */
    bool is_held;
    bool is_interruptible;
    bool is_portable; /* may change its stack after the first start */

    int tasks;
    int segment;
    int chips_per_task;
    double cores_per_task;     /* 0: the chips' share of the host */
    double memory_gb_per_task; /* 0: the chips' share of the host */
    const struct job_system *systems;
    size_t system_count; /* 0: any system, throughput 1 */

    struct job_command command; /* path NULL: none (a dry run) */
    const struct job_env *env;
    size_t env_count;
    const char *directory; /* NULL: none given */
    const char *output;    /* NULL: none given */

    double wall_minutes; /* 0: no limit */
    int grace_seconds;
    int retries;
    double lease_minutes;
    const char *checkpoint_signal;   /* "USR1"; NULL: no checkpoints */
    double checkpoint_every_minutes; /* 0: on demand alone */
    const struct job_after *after;
    size_t after_count;
    int64_t deadline_ms;       /* INT64_MAX: none */
    const char *hosts_only;    /* a hostlist; NULL: any */
    const char *hosts_exclude; /* a hostlist; NULL: none */

    int replicas_min, replicas_max; /* 0: no replicas */
    enum job_spread spread;
    int array_count; /* 0: no array */

    double work_minutes;     /* real length at throughput 1; NAN: not given */
    double expected_minutes; /* of that, what people said beforehand; 0: as it really is */
    double submit_minutes;
    struct where where;
};

/* The manifests of one or more files, in order. */
struct job_list {
    struct job_spec *specs;
    size_t count;
    struct arena *arena; /* owns all of it */
};

/*
 * Read manifest files and folders (all *.xml in them, by name). Checks what holds without a fleet:
 * ranges, duplicate names within a file, <after> cycles among them. NULL with faults. Release with
 * job_list_destroy.
 */
struct job_list *job_list_load(const char *const *paths, size_t path_count, struct faults *faults);
/* One manifest from memory (submit): at most JOB_MANIFEST_BYTES, nothing is included. */
struct job_list *job_list_parse(
    const char *bytes, size_t count, const char *name, struct faults *faults);
/* The same for many manifests: *schema, first NULL, is made by the first that needs it and used by
 * the next ones. Release it with xml_schema_destroy. */
struct job_list *job_list_parse_next(struct xml_schema **schema, const char *bytes, size_t count,
    const char *name, struct faults *faults);
/*
 * Whether hosts can be given what the jobs run, on each of their systems: command, arguments,
 * environment, directory and output are at most JOB_TASK_BYTES, each text counted with 8 bytes
 * more; the directory is an absolute path. job_list_load looks at it; the others do not, so that
 * what a scheduler once took can be read again. -1 with faults.
 */
int job_list_check_tasks(const struct job_list *list, struct faults *faults);
void job_list_destroy(struct job_list *list);

#endif
