#include "base/interrupt.h"

#include <signal.h>
#include <time.h>

static void signals(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGTERM);
}

void interrupt_block(void)
{
    sigset_t set;

    signals(&set);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

bool interrupt_pending(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

void interrupt_take(void)
{
    const struct timespec at_once = {0, 0};
    sigset_t set;

    signals(&set);
    (void)sigtimedwait(&set, NULL, &at_once);
}
