/*
 * job_private: the tables and steps of reading a manifest; inside workloads/ alone.
 */
#ifndef WORKLOADS_JOB_PRIVATE_H
#define WORKLOADS_JOB_PRIVATE_H

#include "base/keeper.h"
#include "workloads/job.h"

struct xml_node;

struct job_reader {
    struct arena *arena;
    struct faults *faults;
    struct xml_schema *schema; /* made when the first document needs it */
    struct job_spec *specs;
    size_t count, capacity;
    struct keeper keeper;   /* of the document that is being read */
    size_t host_name_count; /* made by hostlists so far, at most JOB_HOST_NAMES_MAX */
};

enum {
    JOB_SPECS_MAX = 1000000,
    JOB_HOST_NAMES_MAX = 4000000 /* that hostlists may make in all, so that no file takes long */
};

/* One <job> into *out. 0, or -1 with faults. */
int job_read(struct job_reader *reader, const struct xml_node *node, struct job_spec *out);

/* <command> and <env> children of a job or a <system> row; what is not there stays. */
int job_read_command(
    struct job_reader *reader, const struct xml_node *node, struct job_command *out);
int job_read_env(struct job_reader *reader, const struct xml_node *node, const struct job_env **out,
    size_t *out_count);

/* segment="16" or "all" into *out; NULL leaves it. */
int job_read_segment(
    struct job_reader *reader, const struct xml_node *node, const char *text, int *out);

/* <system> rows; call when the job's own gang, command and environment are read. */
int job_read_systems(struct job_reader *reader, const struct xml_node *node, struct job_spec *spec);

/* What a manifest must keep to beyond the ranges of its attributes. 0 or -1 with faults. */
int job_check(struct job_reader *reader, const struct xml_node *node, const struct job_spec *spec);

/* Names of the specs from first on (of one file) are unique. O(n log n). 0 or -1 with faults. */
int job_check_names(const struct job_reader *reader, size_t first);
/* <after> makes no cycle within the list; names that are not in it may be jobs of the scheduler.
 * O((n + rows) log n). 0 or -1 with faults. */
int job_check_cycles(const struct job_reader *reader);

#endif
