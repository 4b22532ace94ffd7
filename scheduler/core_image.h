/*
 * core_image: what of jobs and gangs outlives the process that decides: taken from a core, put into
 * a new one after a restart, and told to forget what has ended. Order of a restore: what is past,
 * then jobs by id, each followed by its gangs; then core_restored.
 */
#ifndef SCHEDULER_CORE_IMAGE_H
#define SCHEDULER_CORE_IMAGE_H

#include "scheduler/core.h"

struct str;

struct gang_image {
    int64_t gang;
    enum gang_state state;
    enum end_cause cause, ending; /* ending: of one that is being stopped */
    int attempt, retries_left;
    bool is_held, is_borrowing, waits_for_hosts;
    int64_t start_ms, end_ms;
    int shape_system, stack_system; /* -1: none */
    int mode, mode_asked;
    const char *reason; /* borrowed; NULL: none */
};

/* Its image; false: no such gang. Its placement is in the gang's view. */
bool core_gang_image(const struct core *core, int64_t gang, struct gang_image *out);

/* Is it as it was when it was submitted: no row of its own is needed? */
bool core_gang_is_untouched(const struct core *core, int64_t gang);
/* When all gangs of the job have ended: true, with the time and how many did not end `done`. */
bool core_job_has_ended(const struct core *core, int64_t job, int64_t *end_ms, int *failed_count);

/* A job that ended and is not restored: later ones may wait for it. Texts are copied. */
void core_note_past(
    struct core *core, int64_t job, const char *tenant, const char *name, bool is_ok);

/* A job that had not ended, all of its gangs waiting; spec must outlive the core. ERR_STATE: its
 * ids are not above all earlier ones. */
int core_restore_job(struct core *core, const struct job_spec *spec, const char *user, int64_t job,
    int64_t first_gang, int64_t submit_ms, struct actions *out, struct err *err);
/* A gang of it that something had happened to. Takes the placement's tasks (tasks NULL: it holds
 * nothing). ERR_STATE: what it holds is not there or not free. */
int core_restore_gang(struct core *core, const struct gang_image *image,
    struct placement *placement, struct err *err);
/* A task of its current attempt is known to be over; how it ended has been acted upon. */
int core_restore_task_ended(struct core *core, int64_t gang, int task, struct err *err);
/* Ids that are given next are at least these (after a restored backup: past all that were seen). */
void core_restore_ids(struct core *core, int64_t next_job, int64_t next_gang);
int64_t core_next_job(const struct core *core);
int64_t core_next_gang(const struct core *core);
/* All is back: dependencies are looked at. */
void core_restored(struct core *core, struct actions *out);

/*
 * Forget jobs that ended before `before_ms`, all but their outcome (the last 50,000 outcomes are
 * kept). Never while a round is open: returns 0 then. Calls gone for each before it goes (its spec
 * is no longer used); may be NULL. Returns how many went.
 */
size_t core_forget(struct core *core, int64_t before_ms,
    void (*gone)(void *context, int64_t job, const struct job_spec *spec), void *context);

/* A placement as text that a fleet with other indices can read, and back: "SYSTEM SITE", then a
 * line for each run of tasks alike, "HOST CHIPS[ xCOUNT]" with the chips as hex bits. */
void placement_write(const struct fleet *fleet, const struct shape *shape,
    const struct placement *placement, struct str *out);
/* Release with placement_fini. ERR_NOT_FOUND: a host or system that is not there. */
int placement_read(const struct fleet *fleet, const struct shape *shape, const char *text,
    size_t count, struct placement *out, struct err *err);

#endif
