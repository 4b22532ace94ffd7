#include "agent/task.h"

const char *const TASK_STATE_NAMES[] = {
    "preparing", "ready", "running", "stopping", "ended", "lost", "not started", "prolog failed"};

bool task_state_is_over(enum task_state state)
{
    return state >= TASK_ENDED;
}
