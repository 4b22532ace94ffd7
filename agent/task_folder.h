/*
 * task_folder: the agent's state on disk.
 *   lock, memory               one agent; cluster, epoch and highest ids
 *   tasks/GANG.ATTEMPT.RANK/   spec, facts, hook-env, socket, shim, started, exit, closed (shim.h)
 *   work/GANG.ATTEMPT.RANK/    the task's own: its default folder and output, hosts, checkpoint
 *   work/GANG.ATTEMPT.RANK.out whose output is where: kept when the task is forgotten
 */
#ifndef AGENT_TASK_FOLDER_H
#define AGENT_TASK_FOLDER_H

#include "agent/launcher.h"

#include <sys/types.h>

struct str;

enum { TASK_KEY_SIZE = 64, TASK_PATH_SIZE = 1024 };

/* "GANG.ATTEMPT.RANK" and back; false: it is none. */
void task_key(struct task_id id, char key[TASK_KEY_SIZE]);
bool task_key_parse(const char *key, struct task_id *id);

/* A file of the state folder, of a task's folder, of its work folder, into path. */
void folder_path(const char *folder, const char *name, char path[TASK_PATH_SIZE]);
void task_path(const char *folder, struct task_id id, const char *name, char path[TASK_PATH_SIZE]);
void work_path(const char *folder, struct task_id id, const char *name, char path[TASK_PATH_SIZE]);

/* What the spec does not say and a later agent needs. */
struct task_facts {
    uint64_t job, chips;
    uint16_t port;
    char cpuset[256];
    char cgroup[512];
};
int task_facts_write(
    const char *folder, struct task_id id, const struct task_facts *facts, struct err *err);
/* Damaged or missing: all zero. */
void task_facts_read(const char *folder, struct task_id id, struct task_facts *facts);

/* "NAME=value" texts with their NULs, for the epilog also of a later agent; reading adds to out,
 * and nothing where it is damaged or missing. */
int task_hook_env_write(
    const char *folder, struct task_id id, const struct str *env, struct err *err);
void task_hook_env_read(const char *folder, struct task_id id, struct str *out);

/* `exit` into the status: true if it is there and whole. *why gets a copy (mem_free). */
bool task_exit_read(const char *folder, struct task_id id, struct task_status *status, char **why);
/* The end of one that has no shim to write it, as that state. Where it can't be written, or does
 * not outlast the boot, the next agent judges again. */
void task_exit_write(const char *folder, const struct task_status *status, enum task_state state);
/* `closed`: it is over with its epilog, which is not to run again; what it holds is why, to the
 * last. Gives why (mem_free), NULL when it can't be read. */
bool task_is_closed(const char *folder, struct task_id id);
char *task_closed_read(const char *folder, struct task_id id);
void task_closed_write(const char *folder, struct task_id id, const char *why);
/* Which process its shim is (process.h). False: it has not begun, or never did. */
bool task_shim_read(const char *folder, struct task_id id, char *text, size_t size);
bool task_was_started(const char *folder, struct task_id id);

/* Where the output went, for reading later as its user. */
struct task_output {
    uid_t uid;
    gid_t gid;
    char path[TASK_PATH_SIZE];
};
int task_output_write(
    const char *folder, struct task_id id, const struct task_output *output, struct err *err);
bool task_output_read(const char *folder, struct task_id id, struct task_output *output);

/* --- task_outputs.c */
/* Remove a folder with all in it, never following links. */
void folder_remove(const char *path);
/* Of forgotten tasks keep the newest 1,000 outputs, of at most 7 days. */
void task_outputs_prune(const char *folder);

int launcher_memory_read(const char *folder, struct launcher_memory *memory, struct err *err);
/* Synced when must_last. */
int launcher_memory_write(
    const char *folder, const struct launcher_memory *memory, bool must_last, struct err *err);

#endif
