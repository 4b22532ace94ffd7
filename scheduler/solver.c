/*
 * The placement program in a process of its own: GLPK may abort, run long or take much memory, and
 * the daemon must outlive that. Problems and answers are arrays in our own byte order over pipes.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "scheduler/server_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    SOLVER_MS = 5000 /* the guard: 200 ms is typical */
};
#ifndef __SANITIZE_ADDRESS__ /* whose shadow takes terabytes of addresses */
static const rlim_t SOLVER_MEMORY_BYTES = (rlim_t)4 << 30;
#endif

struct solver {
    char *program; /* owned */
    pid_t pid;     /* 0: none runs */
    int fd;        /* our end; -1: none */
    bool is_asked;
    int64_t until_ms;
    struct str out; /* what is still to be sent */
    size_t sent;
    struct str in;
};

/* What comes before the arrays. */
struct ask_head {
    struct placement_budget budget;
    int class_count, resource_count, option_count, use_count;
};
struct answer_head {
    enum placement_status status;
    bool guard_fired;
    double value, whole_value, bound;
    int64_t iterations;
    int class_count, resource_count, option_count;
};

static bool spawn_solver(struct solver *solver)
{
    posix_spawn_file_actions_t files;
    int ends[2];
    char flag[] = "--solver";
    char *argv[] = {solver->program, flag, NULL};
    bool is_started;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_adddup2(&files, ends[1], STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    is_started = posix_spawn(&solver->pid, solver->program, &files, NULL, argv, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&files);
    (void)close(ends[1]);
    if (!is_started) {
        (void)close(ends[0]);
        solver->pid = 0;
        return false;
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    solver->fd = ends[0];
    return true;
}

static void kill_solver(struct solver *solver)
{
    if (solver->fd >= 0)
        (void)close(solver->fd);
    solver->fd = -1;
    if (solver->pid > 0) {
        (void)kill(solver->pid, SIGKILL);
        (void)waitpid(solver->pid, NULL, 0);
    }
    solver->pid = 0;
    solver->is_asked = false;
    str_clear(&solver->in);
}

struct solver *solver_start(const char *program, struct err *err)
{
    struct solver *solver = mem_zero(1, sizeof *solver);

    solver->program = mem_copy_text(program);
    solver->fd = -1;
    if (spawn_solver(solver))
        return solver;
    (void)err_set_errno(err, "the solver's process could not be started");
    solver_stop(solver);
    return NULL;
}

void solver_stop(struct solver *solver)
{
    if (solver == NULL)
        return;
    kill_solver(solver);
    str_fini(&solver->in);
    str_fini(&solver->out);
    mem_free(solver->program);
    mem_free(solver);
}

int solver_fd(const struct solver *solver)
{
    return solver->is_asked ? solver->fd : -1;
}

static void add(struct str *out, const void *array, size_t count, size_t size)
{
    str_add_bytes(out, array, count * size);
}

/* Send what the pipe takes. */
static void push(struct solver *solver)
{
    while (solver->sent < solver->out.length) {
        ssize_t n = send(solver->fd, solver->out.text + solver->sent,
            solver->out.length - solver->sent, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        solver->sent += (size_t)n;
    }
}

bool solver_ask(struct solver *solver, const struct placement_problem *problem,
    const struct placement_budget *budget, int64_t now_ms)
{
    struct ask_head head = {*budget, problem->class_count, problem->resource_count,
        problem->option_count, problem->use_count};

    if (solver->pid == 0 && !spawn_solver(solver))
        return false;
    head.budget.clock_s = NULL;
    str_clear(&solver->out);
    add(&solver->out, &head, 1, sizeof head);
    add(&solver->out, problem->class_limit, (size_t)head.class_count, sizeof(double));
    add(&solver->out, problem->resource_capacity, (size_t)head.resource_count, sizeof(double));
    add(&solver->out, problem->options, (size_t)head.option_count, sizeof *problem->options);
    add(&solver->out, problem->uses, (size_t)head.use_count, sizeof *problem->uses);
    solver->sent = 0;
    str_clear(&solver->in);
    solver->is_asked = true;
    solver->until_ms = now_ms + SOLVER_MS;
    push(solver);
    return true;
}

static const void *take(const char **at, size_t count, size_t size)
{
    const char *from = *at;

    *at += count * size;
    return from;
}

static double *take_doubles(const char **at, int count)
{
    double *copy = mem_zero((size_t)count, sizeof *copy);

    memcpy(copy, take(at, (size_t)count, sizeof *copy), (size_t)count * sizeof *copy);
    return copy;
}

static size_t answer_bytes(const struct answer_head *head)
{
    return sizeof *head + (2 * (size_t)head->option_count + (size_t)head->resource_count +
                              (size_t)head->class_count) *
                              sizeof(double);
}

/* All of the answer is there: out with it. */
static bool take_answer(struct solver *solver, struct placement_answer *out)
{
    struct answer_head head;
    const char *at = solver->in.text;

    if (solver->in.length < sizeof head)
        return false;
    memcpy(&head, take(&at, 1, sizeof head), sizeof head);
    if (solver->in.length < answer_bytes(&head))
        return false;
    *out = (struct placement_answer){.status = head.status,
        .guard_fired = head.guard_fired,
        .value = head.value,
        .whole_value = head.whole_value,
        .bound = head.bound,
        .iterations = head.iterations};
    out->amounts = take_doubles(&at, head.option_count);
    out->whole = take_doubles(&at, head.option_count);
    out->resource_prices = take_doubles(&at, head.resource_count);
    out->class_prices = take_doubles(&at, head.class_count);
    solver->is_asked = false;
    return true;
}

enum solver_state solver_poll(struct solver *solver, int64_t now_ms, struct placement_answer *out)
{
    char buffer[65536];
    ssize_t n;

    push(solver);
    while ((n = read(solver->fd, buffer, sizeof buffer)) > 0)
        str_add_bytes(&solver->in, buffer, (size_t)n);
    if (take_answer(solver, out))
        return SOLVER_ANSWERED;
    if (n < 0 && (errno == EAGAIN || errno == EINTR) && now_ms < solver->until_ms)
        return SOLVER_WAITS;
    kill_solver(solver);
    (void)spawn_solver(solver);
    return SOLVER_LOST;
}

/* --- The process itself */

static bool read_all(void *bytes, size_t count)
{
    size_t done = 0;

    while (done < count) {
        ssize_t n = read(STDIN_FILENO, (char *)bytes + done, count - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static bool write_all(const struct str *bytes)
{
    size_t done = 0;

    while (done < bytes->length) {
        ssize_t n = write(STDOUT_FILENO, bytes->text + done, bytes->length - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static bool answer_one(const struct ask_head *head)
{
    double *limits = mem_zero((size_t)head->class_count, sizeof *limits);
    double *capacity = mem_zero((size_t)head->resource_count, sizeof *capacity);
    struct placement_option *options = mem_zero((size_t)head->option_count, sizeof *options);
    struct placement_use *uses = mem_zero((size_t)head->use_count, sizeof *uses);
    struct placement_problem problem = {head->class_count, limits, head->resource_count, capacity,
        head->option_count, options, head->use_count, uses};
    struct placement_answer answer = {0};
    struct answer_head reply;
    struct str out = {0};
    bool is_done = read_all(limits, (size_t)head->class_count * sizeof *limits) &&
                   read_all(capacity, (size_t)head->resource_count * sizeof *capacity) &&
                   read_all(options, (size_t)head->option_count * sizeof *options) &&
                   read_all(uses, (size_t)head->use_count * sizeof *uses) &&
                   placement_solve_linear(&problem, &head->budget, NULL, &answer, NULL) == 0 &&
                   answer.amounts != NULL;

    if (is_done) {
        reply = (struct answer_head){answer.status, answer.guard_fired, answer.value,
            answer.whole_value, answer.bound, answer.iterations, head->class_count,
            head->resource_count, head->option_count};
        add(&out, &reply, 1, sizeof reply);
        add(&out, answer.amounts, (size_t)head->option_count, sizeof(double));
        add(&out, answer.whole, (size_t)head->option_count, sizeof(double));
        add(&out, answer.resource_prices, (size_t)head->resource_count, sizeof(double));
        add(&out, answer.class_prices, (size_t)head->class_count, sizeof(double));
        is_done = write_all(&out);
    }
    str_fini(&out);
    placement_answer_fini(&answer);
    mem_free(limits);
    mem_free(capacity);
    mem_free(options);
    mem_free(uses);
    return is_done;
}

int solver_main(void)
{
    struct ask_head head;

    /* It ends with the daemon, and takes no more than its share of memory. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#ifndef __SANITIZE_ADDRESS__
    (void)setrlimit(RLIMIT_AS, &(struct rlimit){SOLVER_MEMORY_BYTES, SOLVER_MEMORY_BYTES});
#endif
    while (read_all(&head, sizeof head))
        if (!answer_one(&head))
            return 1;
    return 0;
}
