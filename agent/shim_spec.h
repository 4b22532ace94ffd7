/*
 * shim_spec: what a shim is to run, as it stands in the task's folder.
 */
#ifndef AGENT_SHIM_SPEC_H
#define AGENT_SHIM_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct str;

enum { SHIM_WORDS_MOST = 8192, SHIM_GROUPS_MOST = 256 };

struct shim_spec {
    bool is_other_user; /* uid, gid and groups are to be taken */
    uid_t uid;
    gid_t gid;
    gid_t groups[SHIM_GROUPS_MOST];
    size_t group_count;
    const char *cpuset; /* "0-3,8": bind to these; "": do not */
    const char *cgroup; /* folder of the task's own; "": none */
    const char *directory, *output;
    int64_t wall_ms, grace_ms, lease_ms; /* wall 0: none */
    int checkpoint_signal;               /* 0: none */
    int64_t checkpoint_every_ms;         /* 0: on demand alone */
    const char *path;
    char *args[SHIM_WORDS_MOST]; /* with path as the first; NULL-ended */
    size_t arg_count;
    char *env[SHIM_WORDS_MOST]; /* NULL-ended, with room for what comes with go */
    size_t env_count;
};

/* Append "key=value" with its NUL. */
void shim_spec_add(struct str *out, const char *key, const char *value);
void shim_spec_add_number(struct str *out, const char *key, int64_t value);

/* Read the bytes of a spec; it goes on pointing into them. -1 with err: damaged. */
int shim_spec_read(char *bytes, size_t count, struct shim_spec *spec, struct err *err);

#endif
