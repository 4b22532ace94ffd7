#include "agent/sensors_private.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    SOCKET_FD = 3, /* of the reader: the one file that it keeps beside the standard ones */
    START_WAIT_MS = 5000,
    READ_WAIT_MS = 50, /* a tray of four takes less */
    CAP_WAIT_MS = 5000,
    END_TRIES = 50,
    END_TRY_MS = 10,
    PATIENCE_S = 30,
    RESTART_PARTS = 3, /* a reader that crashed is started again in a third of the patience */
    MILLISECONDS = 1000
};

struct nvml_sensors {
    const struct inventory *inventory; /* borrowed */
    int socket;                        /* -1: its process is gone for good */
    pid_t guard;
    int patience_s; /* no answer for so long: the chips are bad */
    uint64_t last_number, answered_number;
    double asked_s; /* when the request that is not answered was sent */
    struct nvml_answer answer;
    struct nvml_answer incoming;
    char note[320];
};

/* The guard: starts the reader again when it crashed or hung; ends when the agent's end of the
 * socket closes. It has one thread, as forking wants it. */
static void guard_reader(
    int socket, const struct inventory *inventory, const char *library, int patience_s)
{
    for (;;) {
        struct pollfd gone = {.fd = socket, .events = 0};
        int status = 0;
        pid_t reader = fork();

        if (reader == 0)
            _exit(nvml_reader_run(socket, inventory, library, patience_s));
        while (reader > 0 && waitpid(reader, &status, 0) < 0 && errno == EINTR)
            ;
        if (reader > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
            _exit(0);
        if (poll(&gone, 1, patience_s * MILLISECONDS / RESTART_PARTS) > 0)
            _exit(0);
    }
}

/* In the new process: nothing of the agent's stays open, no lock least of all. */
static void run_guard(
    int socket, const struct inventory *inventory, const char *library, int patience_s)
{
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    (void)prctl(PR_SET_NAME, "wattyard-nvml");
    if (socket != SOCKET_FD && dup2(socket, SOCKET_FD) < 0)
        _exit(1);
    (void)close_range(SOCKET_FD + 1, ~0U, 0);
    guard_reader(SOCKET_FD, inventory, library, patience_s);
}

static void lose_process(struct nvml_sensors *nvml, const char *why)
{
    if (nvml->socket >= 0)
        (void)close(nvml->socket);
    nvml->socket = -1;
    (void)snprintf(nvml->note, sizeof nvml->note, "NVML's process %s; start the agent again", why);
}

/* One message, if there is one within the time. */
static bool receive(struct nvml_sensors *nvml, int wait_ms)
{
    struct pollfd ready = {.fd = nvml->socket, .events = POLLIN};
    ssize_t got;

    if (nvml->socket < 0 || poll(&ready, 1, wait_ms) <= 0)
        return false;
    got = recv(nvml->socket, &nvml->incoming, sizeof nvml->incoming, MSG_DONTWAIT);
    if (got == (ssize_t)sizeof nvml->incoming) {
        nvml->answer = nvml->incoming;
        nvml->answered_number = nvml->answer.number;
        (void)snprintf(nvml->note, sizeof nvml->note, "%s", nvml->answer.note);
        return true;
    }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        lose_process(nvml, "has ended");
    return false;
}

/* Until the last request is answered or the time is over. */
static bool wait_for_answer(struct nvml_sensors *nvml, int wait_ms)
{
    double until_s = clock_monotonic_s() + (double)wait_ms / MILLISECONDS;

    while (nvml->answered_number != nvml->last_number) {
        double left_s = until_s - clock_monotonic_s();

        if (!receive(nvml, left_s > 0 ? (int)(left_s * MILLISECONDS) + 1 : 0) && left_s <= 0)
            return false;
        if (nvml->socket < 0)
            return false;
    }
    return true;
}

static bool is_waiting(const struct nvml_sensors *nvml)
{
    return nvml->answered_number != nvml->last_number;
}

static bool send_request(struct nvml_sensors *nvml, struct nvml_request request, double now_s)
{
    request.number = nvml->last_number + 1;
    if (nvml->socket < 0 || send(nvml->socket, &request, sizeof request,
                                MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof request)
        return false;
    nvml->last_number = request.number;
    nvml->asked_s = now_s;
    return true;
}

struct nvml_sensors *nvml_sensors_create(
    const struct inventory *inventory, const char *library, int patience_s)
{
    struct nvml_sensors *nvml = mem_zero(1, sizeof *nvml);
    int ends[2] = {-1, -1};

    nvml->inventory = inventory;
    nvml->socket = -1;
    nvml->guard = -1;
    nvml->patience_s = patience_s > 0 ? patience_s : PATIENCE_S;
    for (int i = 0; i < INVENTORY_CHIPS_MAX; i++)
        chip_use_clear(&nvml->answer.chips[i]);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0)
        nvml->guard = fork();
    if (nvml->guard == 0)
        run_guard(ends[1], inventory, library, nvml->patience_s);
    if (ends[1] >= 0)
        (void)close(ends[1]);
    nvml->socket = ends[0];
    if (nvml->guard < 0)
        lose_process(nvml, "can't be started");
    if (send_request(nvml, (struct nvml_request){.wish = NVML_READ}, clock_monotonic_s()) &&
        !wait_for_answer(nvml, START_WAIT_MS) && nvml->note[0] == '\0')
        (void)snprintf(nvml->note, sizeof nvml->note, "NVML has not answered yet");
    return nvml;
}

/* The guard ends with the socket, at once unless a call hangs; then it is left alone, as nothing
 * can end a process that hangs in the driver. */
void nvml_sensors_destroy(struct nvml_sensors *nvml)
{
    const struct timespec pause = {.tv_nsec = END_TRY_MS * 1000000L};

    if (nvml == NULL)
        return;
    if (nvml->socket >= 0)
        (void)close(nvml->socket);
    for (int i = 0; nvml->guard > 0 && i < END_TRIES; i++) {
        if (waitpid(nvml->guard, NULL, WNOHANG) != 0)
            break;
        (void)nanosleep(&pause, NULL);
    }
    mem_free(nvml);
}

static void copy_chips(const struct nvml_sensors *nvml, bool is_hung, struct host_use *use)
{
    for (int i = 0; i < nvml->inventory->chip_count; i++) {
        if (nvml->inventory->chips[i].kind != CHIP_NVIDIA)
            continue;
        use->chips[i] = nvml->answer.chips[i];
        if (!is_hung)
            continue;
        use->chips[i].is_bad = true;
        (void)snprintf(use->chips[i].why, sizeof use->chips[i].why,
            "NVML has not answered for %d s", nvml->patience_s);
    }
}

void nvml_sensors_read(struct nvml_sensors *nvml, double now_s, struct host_use *use)
{
    bool is_hung;

    while (is_waiting(nvml) && receive(nvml, 0))
        ;
    is_hung = is_waiting(nvml) && now_s - nvml->asked_s >= nvml->patience_s;
    /* The process that was asked may have been ended, and another is there. */
    if (!is_waiting(nvml) || is_hung) {
        double asked_s = nvml->asked_s;

        if (send_request(nvml, (struct nvml_request){.wish = NVML_READ}, now_s) &&
            wait_for_answer(nvml, READ_WAIT_MS))
            is_hung = false;
        else if (is_hung)
            nvml->asked_s = asked_s;
    }
    copy_chips(nvml, is_hung || nvml->socket < 0, use);
}

bool nvml_sensors_can_cap(const struct nvml_sensors *nvml)
{
    return nvml->socket >= 0 && nvml->answer.can_cap;
}

int nvml_sensors_cap(struct nvml_sensors *nvml, uint64_t chips, double power_frac, struct err *err)
{
    struct nvml_request request = {.wish = NVML_CAP, .chips = chips, .power_frac = power_frac};

    if (is_waiting(nvml) && !wait_for_answer(nvml, READ_WAIT_MS))
        return err_set(err, ERR_LIMIT, "NVML does not answer");
    if (!send_request(nvml, request, clock_monotonic_s()) || !wait_for_answer(nvml, CAP_WAIT_MS))
        return err_set(err, ERR_LIMIT, "NVML does not answer");
    if (nvml->answer.is_done)
        return 0;
    return err_set(err, ERR_STATE, "%s",
        nvml->answer.note[0] != '\0' ? nvml->answer.note : "not all of those chips are NVIDIA's");
}

const char *nvml_sensors_note(const struct nvml_sensors *nvml)
{
    return nvml->note;
}
