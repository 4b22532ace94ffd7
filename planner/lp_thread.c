/*
 * A thread with GLPK in it.
 *
 * GLPK aborts the process on bad numerics, when memory runs out, and on a wrong call. Before it
 * does, it calls an error hook; ours jumps back to where the work began, frees all of GLPK's memory
 * of this thread (its problems are dead then), and reports. GLPK calls a terminal hook a few times
 * a second while the simplex runs; ours reads the progress off its lines, and jumps back likewise
 * when the work has to stop. Where neither comes, the caller leaves the thread behind: it frees
 * itself when GLPK comes back.
 */
#include "planner/lp_private.h"

#include "base/clock.h"
#include "base/mem.h"

#include <glpk.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

/* Between asking `stop` and telling `progress`. */
static const double LOOK_EVERY_S = 0.1;
/* After it should have ended: how long it may take to do so by itself, and to stop when made to. */
static const double FORCE_AFTER_S = 1.0;
static const double LEAVE_AFTER_S = 3.0;

struct lp_thread {
    pthread_t id;
    jmp_buf start; /* of the work; the thread's own */
    atomic_bool is_asked_to_end, is_forced_to_end;

    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t asked, ended;
    lp_work_fn *work; /* NULL: idle */
    enum lp_end end;  /* of the last work */
    bool is_leaving;  /* after the work, or while idle: free everything and end */
    struct lp_progress progress;
};

/* --- On the engine's thread */

static void forget_problems(struct lp_engine *engine)
{
    (void)glp_free_env();
    engine->problem = NULL;
    engine->reduced = NULL;
    engine->presolver = NULL;
    engine->whole = NULL;
    engine->loaded_rows = engine->loaded_columns = 0;
}

/* "*  1234: obj =  1.5e+05 inf = 0.0e+00 (0)": primal; '#' for ' ' or '*': dual, once feasible. */
static void read_progress(struct lp_engine *engine, const char *line)
{
    struct lp_progress progress = {.objective = NAN, .bound = NAN, .infeasibility = NAN};
    char phase, word[4];
    long iterations;

    if (sscanf(line, "%c%ld: %3s = %lf inf = %lf", &phase, &iterations, word, &progress.objective,
            &progress.infeasibility) != 5)
        return;
    progress.iterations = iterations;
    progress.phase = phase == ' ' ? LP_PHASE_FEASIBLE : LP_PHASE_OPTIMISE;
    if (phase == ' ')
        progress.objective = NAN;
    lp_engine_tell(engine, &progress);
}

/* GLPK's own text: its first line says what, a later one only where in GLPK. */
static void keep_message(struct lp_engine *engine, const char *line)
{
    size_t length = strcspn(line, "\n");

    if (engine->message[0] != '\0')
        return;
    if (length >= sizeof engine->message)
        length = sizeof engine->message - 1;
    memcpy(engine->message, line, length);
    engine->message[length] = '\0';
}

static int on_line(void *info, const char *line)
{
    struct lp_engine *engine = info;

    if (glp_at_error()) {
        keep_message(engine, line);
        return 1;
    }
    read_progress(engine, line);
    if (atomic_load(&engine->thread->is_forced_to_end))
        longjmp(engine->thread->start, LP_END_STOPPED);
    return 1; /* nothing is printed */
}

static void on_error(void *info)
{
    struct lp_engine *engine = info;

    longjmp(engine->thread->start, LP_END_ABORTED);
}

static enum lp_end run_guarded(struct lp_engine *engine, lp_work_fn *work)
{
    switch (setjmp(engine->thread->start)) {
    case 0:
        break;
    case LP_END_STOPPED:
        forget_problems(engine);
        return LP_END_STOPPED;
    default:
        forget_problems(engine);
        return LP_END_ABORTED;
    }
    engine->message[0] = '\0';
    glp_error_hook(on_error, engine);
    glp_term_hook(on_line, engine);
    (void)glp_term_out(GLP_ON);
    glp_mem_limit(engine->memory_limit_mib > 0 ? engine->memory_limit_mib : INT_MAX);
    work(engine);
    return LP_END_DONE;
}

static void free_engine(struct lp_engine *engine)
{
    pthread_cond_destroy(&engine->thread->asked);
    pthread_cond_destroy(&engine->thread->ended);
    pthread_mutex_destroy(&engine->thread->mutex);
    mem_free(engine->thread);
    mem_free(engine->call.weights);
    mem_free(engine->indices);
    mem_free(engine->values);
    mem_free(engine);
}

static void *thread_main(void *info)
{
    struct lp_engine *engine = info;
    struct lp_thread *thread = engine->thread;
    bool was_working = false;

    pthread_mutex_lock(&thread->mutex);
    while (!thread->is_leaving) {
        lp_work_fn *work = thread->work;
        enum lp_end end;

        if (work == NULL) {
            pthread_cond_wait(&thread->asked, &thread->mutex);
            continue;
        }
        pthread_mutex_unlock(&thread->mutex);
        end = run_guarded(engine, work);
        pthread_mutex_lock(&thread->mutex);
        thread->end = end;
        thread->work = NULL;
        was_working = thread->is_leaving;
        pthread_cond_signal(&thread->ended);
    }
    pthread_mutex_unlock(&thread->mutex);
    forget_problems(engine);
    if (was_working) /* it was left behind: nobody else knows it any more */
        free_engine(engine);
    return NULL;
}

bool lp_engine_is_asked_to_end(struct lp_engine *engine)
{
    return atomic_load(&engine->thread->is_asked_to_end);
}

void lp_engine_tell(struct lp_engine *engine, const struct lp_progress *progress)
{
    pthread_mutex_lock(&engine->thread->mutex);
    engine->thread->progress = *progress;
    pthread_mutex_unlock(&engine->thread->mutex);
}

/* --- On the caller's thread */

static int start_thread(struct lp_engine *engine)
{
    sigset_t all, before;
    int failed;

    /* Signals are for the threads that know what to do with them. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&engine->thread->id, NULL, thread_main, engine);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? -1 : 0;
}

struct lp_engine *lp_engine_create(void)
{
    struct lp_engine *engine = mem_zero(1, sizeof *engine);
    struct lp_thread *thread = mem_zero(1, sizeof *thread);
    pthread_condattr_t monotonic;

    engine->thread = thread;
    pthread_mutex_init(&thread->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&thread->asked, NULL);
    pthread_cond_init(&thread->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (start_thread(engine) != 0) {
        free_engine(engine);
        return NULL;
    }
    return engine;
}

void lp_engine_destroy(struct lp_engine *engine)
{
    if (engine == NULL)
        return;
    pthread_mutex_lock(&engine->thread->mutex);
    engine->thread->is_leaving = true;
    pthread_cond_signal(&engine->thread->asked);
    pthread_mutex_unlock(&engine->thread->mutex);
    pthread_join(engine->thread->id, NULL);
    free_engine(engine);
}

static void tell(const struct lp_watch *watch, struct lp_progress progress)
{
    progress.objective /= watch->cost_scale;
    progress.bound /= watch->cost_scale;
    watch->options->progress(watch->options->context, &progress);
}

/* Tell and ask, without the lock. Returns how long ago it should have ended; < 0: not yet. */
static double look(struct lp_watch *watch, struct lp_progress progress)
{
    const struct lp_options *options = watch->options;
    double now_s;

    if (options->progress != NULL)
        tell(watch, progress);
    if (!watch->is_interrupted && options->stop != NULL && options->stop(options->context))
        watch->is_interrupted = true;
    now_s = clock_monotonic_s();
    watch->look_at_s = now_s + LOOK_EVERY_S;
    if ((watch->is_interrupted || now_s >= watch->deadline_s) && isinf(watch->over_at_s))
        watch->over_at_s = now_s;
    return now_s - watch->over_at_s;
}

/* Wait for the end or for the time to look. The mutex is held. */
static void wait_to_look(struct lp_thread *thread, double until_s)
{
    struct timespec until;

    until.tv_sec = (time_t)until_s;
    until.tv_nsec = (long)((until_s - floor(until_s)) * 1e9);
    (void)pthread_cond_timedwait(&thread->ended, &thread->mutex, &until);
}

/* Wait with a watch. False: it does not end; it is left. The mutex is held. */
static bool wait_watched(struct lp_thread *thread, struct lp_watch *watch)
{
    while (thread->work != NULL) {
        struct lp_progress progress = thread->progress;
        double over_s;

        if (clock_monotonic_s() < watch->look_at_s) {
            wait_to_look(thread, watch->look_at_s);
            continue;
        }
        pthread_mutex_unlock(&thread->mutex);
        over_s = look(watch, progress);
        pthread_mutex_lock(&thread->mutex);
        if (over_s >= 0.0)
            atomic_store(&thread->is_asked_to_end, true);
        if (over_s >= FORCE_AFTER_S)
            atomic_store(&thread->is_forced_to_end, true);
        if (over_s >= LEAVE_AFTER_S && thread->work != NULL) {
            thread->is_leaving = true;
            return false;
        }
    }
    return true;
}

enum lp_end lp_engine_run(struct lp_engine *engine, lp_work_fn *work, struct lp_watch *watch)
{
    struct lp_thread *thread = engine->thread;
    enum lp_end end;

    pthread_mutex_lock(&thread->mutex);
    atomic_store(&thread->is_asked_to_end, false);
    atomic_store(&thread->is_forced_to_end, false);
    thread->progress = (struct lp_progress){.phase = LP_PHASE_PREPARE,
        .iterations = engine->call.iterations,
        .objective = NAN,
        .bound = NAN,
        .infeasibility = NAN};
    thread->work = work;
    pthread_cond_signal(&thread->asked);
    if (watch == NULL) {
        while (thread->work != NULL)
            pthread_cond_wait(&thread->ended, &thread->mutex);
    } else if (!wait_watched(thread, watch)) {
        pthread_detach(thread->id);
        pthread_mutex_unlock(&thread->mutex);
        return LP_END_LEFT;
    }
    end = thread->end;
    pthread_mutex_unlock(&thread->mutex);
    return end;
}
