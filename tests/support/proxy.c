#include "tests/support/proxy.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAIRS_MOST = 64, BACKLOG = 64 };

/* Ends 2 i and 2 i + 1 are a pair; the listening socket stands last. */
struct table {
    struct pollfd ends[2 * PAIRS_MOST + 1];
    const char *to;
};

int proxy_dial(const char *address)
{
    const char *port = strrchr(address, ':');
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)strtoul(port + 1, NULL, 10));
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static void drop_pair(struct table *table, int pair)
{
    for (int i = 2 * pair; i < 2 * pair + 2; i++) {
        (void)close(table->ends[i].fd);
        table->ends[i].fd = -1;
    }
}

static void take_connection(struct table *table, int fd)
{
    int other = proxy_dial(table->to);
    int pair = 0;

    while (pair < PAIRS_MOST && table->ends[2 * pair].fd >= 0)
        pair++;
    if (other < 0 || pair == PAIRS_MOST) {
        (void)close(fd);
        if (other >= 0)
            (void)close(other);
        return;
    }
    table->ends[2 * pair] = (struct pollfd){fd, POLLIN, 0};
    table->ends[2 * pair + 1] = (struct pollfd){other, POLLIN, 0};
}

static bool forward(int from, int to)
{
    char bytes[65536];
    ssize_t n = read(from, bytes, sizeof bytes);

    return n > 0 && send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void serve(int listening, const char *to)
{
    struct table table = {.to = to};

    for (int i = 0; i < 2 * PAIRS_MOST; i++)
        table.ends[i].fd = -1;
    table.ends[2 * PAIRS_MOST] = (struct pollfd){listening, POLLIN, 0};
    while (poll(table.ends, 2 * PAIRS_MOST + 1, -1) >= 0) {
        for (int i = 0; i < 2 * PAIRS_MOST; i++)
            if (table.ends[i].fd >= 0 && table.ends[i].revents != 0 &&
                !forward(table.ends[i].fd, table.ends[i ^ 1].fd))
                drop_pair(&table, i / 2);
        if (table.ends[2 * PAIRS_MOST].revents != 0)
            take_connection(&table, accept(listening, NULL, NULL));
    }
}

void proxy_start(struct proxy *proxy, const char *to)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(fd, BACKLOG), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    (void)snprintf(
        proxy->address, sizeof proxy->address, "tcp://127.0.0.1:%d", (int)ntohs(at.sin_port));
    proxy->pid = fork();
    ck_assert_int_ge(proxy->pid, 0);
    if (proxy->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(fd, to);
        _exit(1);
    }
    (void)close(fd);
}

void proxy_cut(struct proxy *proxy, bool is_cut)
{
    ck_assert_int_eq(kill(proxy->pid, is_cut ? SIGSTOP : SIGCONT), 0);
}

void proxy_stop(struct proxy *proxy)
{
    if (proxy->pid == 0)
        return;
    (void)kill(proxy->pid, SIGKILL);
    (void)waitpid(proxy->pid, NULL, 0);
    proxy->pid = 0;
}
