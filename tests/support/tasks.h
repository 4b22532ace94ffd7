/*
 * tasks: a launcher of a test's own, in a folder of its own, with real shims and tasks. At the end
 * all that it started is stopped, and the test fails when a process or a control group is left.
 */
#ifndef TESTS_SUPPORT_TASKS_H
#define TESTS_SUPPORT_TASKS_H

#include "agent/launcher.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tasks {
    char *folder; /* of the test; the agent's state is `state` in it */
    char *state;
    char *program; /* the shim's */
    struct launcher_options options;
    struct inventory *inventory; /* this machine's, live */
    struct launcher *launcher;   /* NULL while closed */
    void *texts[64];             /* released at the end */
    size_t text_count;
};

/* Folder, inventory and options; the launcher is not open yet. */
void tasks_init(struct tasks *tasks);
/* tasks_init, and open. */
void tasks_start(struct tasks *tasks);
/* Open it with tasks->options; fails the test when it can't be. */
void tasks_open(struct tasks *tasks);
void tasks_close(struct tasks *tasks);
/* Stop all, wait for their ends, close; fails the test if a process is left; remove the folder. */
void tasks_fini(struct tasks *tasks);

/* A spec of one task, rank 0 of gang, job 100 + gang, that runs `sh -c script` (borrowed); grace
 * 20 s, lease 300 s. It is valid as long as tasks. */
struct task_spec tasks_sh(struct tasks *tasks, uint64_t gang, const char *script);
/* A text that lives as long as tasks; at most 64. */
const char *tasks_text(struct tasks *tasks, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A path in the test's folder. */
const char *tasks_path(struct tasks *tasks, const char *name);

/* Step until the task is in that state; fails the test when it ends in another or in 30 s. */
const struct task_status *tasks_wait(struct tasks *tasks, struct task_id id, enum task_state state);
/* Step until it is over. */
const struct task_status *tasks_wait_over(struct tasks *tasks, struct task_id id);
/* Step until the file is there and not empty. */
void tasks_wait_file(struct tasks *tasks, const char *path);
/* Step until the process is no more (or a zombie). */
void tasks_wait_gone(struct tasks *tasks, pid_t pid);
/* Prepare, wait for ready, go. */
void tasks_run(struct tasks *tasks, const struct task_spec *spec);
/* tasks_run and tasks_wait_over. */
const struct task_status *tasks_run_over(struct tasks *tasks, const struct task_spec *spec);
/* One step with at most `ms` of waiting for an event before it. */
void tasks_step(struct tasks *tasks, int ms);

/* All that the task has put out; lives as long as tasks. */
const char *tasks_output(struct tasks *tasks, struct task_id id);
/* A whole file's text; "" when it is not there. Lives as long as tasks. */
const char *tasks_read(struct tasks *tasks, const char *path);
/* The number that stands in a file. */
pid_t tasks_read_pid(const char *path);
bool tasks_is_alive(pid_t pid);
/* A file of the only task's folder (`tasks/` holds one). */
const char *tasks_file_of_only(struct tasks *tasks, const char *name);
/* Processes, this one aside, that have the folder in their arguments, environment, working folder
 * or open files. */
size_t tasks_count_processes(const char *folder);

#endif
