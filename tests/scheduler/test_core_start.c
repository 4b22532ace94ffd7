/*
 * How a gang starts and ends: prepare, ready, go; what does not get ready; the wall limit; which
 * ends take a retry.
 */
#include "base/err.h"
#include "tests/support/suite.h"
#include "tests/support/yard.h"

/* Two racks of four hosts of four chips. */
static void open_small(struct yard *y)
{
    yard_open(y, fleet_builder_make(1, 1, 1, 2, fleet_builder_system("a", 4, 4, 40, 0)));
}

static int free_chips(const struct yard *y)
{
    int chips = 0;

    for (int rack = 0; rack < y->fleet->rack_count; rack++)
        chips += ledger_rack_free_chips(core_ledger(y->core), rack);
    return chips;
}

static void task_ready(struct yard *y, const struct gang *gang, int attempt, int task)
{
    yard_apply(
        y, (struct event){
               .kind = EVENT_TASK_READY, .gang = gang->id, .attempt = attempt, .task = task});
}

static void task_ended(struct yard *y, const struct gang *gang, int task, int exit_status)
{
    yard_apply(y, (struct event){.kind = EVENT_TASK_ENDED,
                      .gang = gang->id,
                      .attempt = gang->attempt,
                      .task = task,
                      .exit_status = exit_status});
}

START_TEST(a_gang_is_prepared_and_goes_when_all_its_hosts_are_ready)
{
    struct yard y;
    struct job_spec spec = fleet_builder_job(3, 4, 0);
    const struct gang *gang;

    open_small(&y);
    gang = yard_submit(&y, &spec);
    yard_assert_state(gang, GANG_STARTING);
    ck_assert_int_eq(gang->attempt, 1);
    ck_assert_int_eq(yard_count(&y, ACTION_PREPARE, gang->id), 1);
    ck_assert_int_eq(free_chips(&y), 32 - 12);
    yard_wait(&y, 5);
    for (int task = 0; task < 3; task++) {
        ck_assert_int_eq(yard_count(&y, ACTION_GO, gang->id), 0);
        yard_assert_state(gang, GANG_STARTING);
        task_ready(&y, gang, 1, task);
        task_ready(&y, gang, 1, task); /* doubled on its way */
    }
    ck_assert_int_eq(yard_count(&y, ACTION_GO, gang->id), 1);
    yard_assert_state(gang, GANG_RUNNING);
    ck_assert_int_eq(gang->start_ms, YARD_START_MS + 5000);
    yard_close(&y);
}
END_TEST

START_TEST(it_is_done_when_all_its_tasks_have_exited_with_0)
{
    struct yard y;
    struct job_spec spec = fleet_builder_job(2, 4, 0);
    const struct gang *gang;

    open_small(&y);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    task_ended(&y, gang, 1, 0);
    task_ended(&y, gang, 1, 0);
    yard_assert_state(gang, GANG_RUNNING);
    ck_assert_int_eq(free_chips(&y), 32 - 8);
    task_ended(&y, gang, 0, 0);
    yard_assert_state(gang, GANG_DONE);
    ck_assert_int_eq(free_chips(&y), 32);
    ck_assert_int_eq(yard_count(&y, ACTION_STOP, gang->id), 0);
    yard_refuses(
        &y, (struct event){.kind = EVENT_CANCEL, .job = gang->job, .member = -1}, ERR_STATE);
    yard_close(&y);
}
END_TEST

START_TEST(not_ready_in_30_s_ends_the_attempt_and_takes_no_retry)
{
    struct yard y;
    struct job_spec spec = fleet_builder_job(2, 4, 0);
    const struct gang *gang;

    spec.retries = 1;
    open_small(&y);
    gang = yard_submit(&y, &spec);
    task_ready(&y, gang, 1, 0);
    yard_wait(&y, 29.999);
    yard_assert_state(gang, GANG_STARTING);
    yard_wait(&y, 0.001);
    yard_assert_state(gang, GANG_STOPPING);
    ck_assert_int_eq(yard_last(&y, ACTION_STOP, gang->id)->cause, END_NOT_READY);
    task_ready(&y, gang, 1, 1); /* too late */
    yard_assert_state(gang, GANG_STOPPING);
    ck_assert_int_eq(free_chips(&y), 32 - 8);
    task_ended(&y, gang, 0, 0);
    yard_assert_state(gang, GANG_STOPPING);
    task_ended(&y, gang, 1, 0);
    ck_assert_int_eq(yard_count(&y, ACTION_GO, gang->id), 0);

    /* It waits a second, as what kept it may last; there is room, so it is tried again. */
    yard_assert_state(gang, GANG_WAITING);
    yard_wait(&y, 1);
    yard_assert_state(gang, GANG_STARTING);
    ck_assert_int_eq(gang->attempt, 2);
    ck_assert_int_eq(gang->retries_left, 1);
    task_ready(&y, gang, 1, -1); /* of the attempt that is over */
    yard_assert_state(gang, GANG_STARTING);
    yard_run(&y, gang);
    yard_close(&y);
}
END_TEST

START_TEST(a_task_that_ends_before_all_are_ready_started_nothing)
{
    struct yard y;
    struct job_spec spec = fleet_builder_job(2, 4, 0);
    const struct gang *gang;

    open_small(&y);
    gang = yard_submit(&y, &spec);
    task_ready(&y, gang, 1, 0);
    task_ended(&y, gang, 1, 1);
    yard_assert_state(gang, GANG_STOPPING);
    task_ended(&y, gang, 0, 0);
    yard_assert_state(gang, GANG_WAITING);
    yard_wait(&y, 1);
    yard_assert_state(gang, GANG_STARTING);
    ck_assert_int_eq(gang->attempt, 2);
    ck_assert_int_eq(yard_count(&y, ACTION_GO, gang->id), 0);
    yard_close(&y);
}
END_TEST

START_TEST(the_wall_limit_stops_it_and_no_retry_is_made)
{
    struct yard y;
    struct job_spec spec = fleet_builder_job(2, 4, 0);
    const struct gang *gang;

    spec.wall_minutes = 10;
    spec.retries = 3;
    open_small(&y);
    gang = yard_submit(&y, &spec);
    yard_wait(&y, 20); /* getting ready is not counted */
    yard_run(&y, gang);
    ck_assert_int_eq(gang->expected_end_ms, y.now_ms + 600000);
    yard_wait(&y, 600); /* what ends now was in time */
    yard_assert_state(gang, GANG_RUNNING);
    yard_wait(&y, 0.001);
    yard_assert_state(gang, GANG_STOPPING);
    ck_assert_int_eq(yard_last(&y, ACTION_STOP, gang->id)->cause, END_WALL);
    yard_end(&y, gang, 143);
    yard_assert_state(gang, GANG_TIMED_OUT);
    ck_assert_int_eq(gang->attempt, 1);
    yard_close(&y);
}
END_TEST

START_TEST(one_task_that_fails_stops_the_others)
{
    struct yard y;
    struct job_spec spec = fleet_builder_job(2, 4, 0);
    const struct gang *gang;

    open_small(&y);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    task_ended(&y, gang, 1, 1);
    yard_assert_state(gang, GANG_STOPPING);
    ck_assert_int_eq(yard_count(&y, ACTION_STOP, gang->id), 1);
    task_ended(&y, gang, 0, 0); /* as it was asked to: no success */
    yard_assert_state(gang, GANG_FAILED);
    ck_assert_int_eq(gang->cause, END_FAILED);
    yard_close(&y);
}
END_TEST

/* --- Which ends take a retry */

static const struct {
    enum end_cause cause;
    bool is_of_start; /* before it runs */
    struct event event;
    bool takes_retry;
} CAUSES[] = {
    {END_FAILED, false, {.kind = EVENT_TASK_ENDED, .task = -1, .exit_status = 1}, true},
    {END_LOST, false, {.kind = EVENT_TASK_ENDED, .task = -1, .is_lost = true}, true},
    {END_REQUEUED, false, {.kind = EVENT_REQUEUE, .member = -1}, false},
    {END_PROLOG, true, {.kind = EVENT_PROLOG_FAILED}, false},
    {END_SHED, false, {.kind = EVENT_LIMIT, .level = POWER_SITE, .kw = 1}, false},
};

/* What happens to a gang with so many retries; returns it, its attempt over. */
static const struct gang *end_by(struct yard *y, const struct job_spec *spec, int row)
{
    const struct gang *gang = yard_submit(y, spec);
    struct event event = CAUSES[row].event;

    if (!CAUSES[row].is_of_start)
        yard_run(y, gang);
    event.gang = gang->id;
    event.attempt = 1;
    event.job = gang->job;
    event.host = gang->placement->tasks[0].host;
    yard_apply(y, event);
    if (gang->state == GANG_STOPPING)
        yard_end(y, gang, 143);
    return gang;
}

START_TEST(some_ends_take_a_retry_and_some_do_not)
{
    struct yard y;
    struct job_spec spec = fleet_builder_job(1, 4, 0);
    const struct gang *gang;

    spec.retries = 1;
    open_small(&y);
    gang = end_by(&y, &spec, _i);
    if (CAUSES[_i].cause != END_SHED) /* no power: it can't start again */
        ck_assert_int_eq(gang->attempt, 2);
    else
        yard_assert_state(gang, GANG_WAITING);
    ck_assert_int_eq(gang->retries_left, CAUSES[_i].takes_retry ? 0 : 1);
    yard_close(&y);
}
END_TEST

START_TEST(without_retries_an_end_that_takes_one_is_the_last)
{
    struct yard y;
    struct job_spec spec = fleet_builder_job(1, 4, 0);
    const struct gang *gang;

    open_small(&y);
    gang = end_by(&y, &spec, _i);
    if (CAUSES[_i].takes_retry)
        yard_assert_state(gang, GANG_FAILED);
    else
        ck_assert(!gang_state_is_terminal(gang->state));
    yard_close(&y);
}
END_TEST

START_TEST(what_is_cancelled_while_it_stops_is_not_retried)
{
    struct yard y;
    struct job_spec spec = fleet_builder_job(2, 4, 0);
    const struct gang *gang;

    spec.retries = 5;
    open_small(&y);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    task_ended(&y, gang, 1, 1);
    yard_assert_state(gang, GANG_STOPPING);
    yard_apply(&y, (struct event){.kind = EVENT_CANCEL, .job = gang->job, .member = -1});
    task_ended(&y, gang, 0, 143);
    yard_assert_state(gang, GANG_CANCELLED);
    ck_assert_int_eq(gang->attempt, 1);
    yard_close(&y);
}
END_TEST

START_TEST(an_attempt_keeps_its_stack_unless_the_job_is_portable)
{
    static const struct chip OTHER = {.id = "o", .name = "o", .vendor = "o", .stack = "other"};
    struct yard y;
    struct fleet_builder *b = fleet_builder_make(
        1, 1, 1, 2, fleet_builder_system("a", 4, 4, 40, 0));
    struct system other = fleet_builder_system("b", 4, 4, 40, 0);
    struct job_spec spec = fleet_builder_job(1, 4, 0);
    struct job_system rows[2];
    const struct gang *gang;

    other.chip = &OTHER;
    b->racks[1].system = fleet_builder_add_system(b, other);
    spec.value_usd_per_hour = 100;
    spec.is_portable = _i == 1;
    rows[0] = fleet_builder_row(&spec, "a", 2);
    rows[1] = fleet_builder_row(&spec, "b", 1);
    spec.systems = rows;
    spec.system_count = 2;
    yard_open(&y, b);
    gang = yard_submit(&y, &spec);
    ck_assert_int_eq(yard_rack_of(&y, gang), 0);
    yard_run(&y, gang);
    for (int host = 0; host < 4; host++)
        yard_apply(&y, (struct event){.kind = EVENT_DRAIN, .host = host});
    yard_apply(&y, (struct event){.kind = EVENT_REQUEUE, .job = gang->job, .member = -1});
    yard_end(&y, gang, 143);
    if (spec.is_portable)
        ck_assert_int_eq(yard_rack_of(&y, gang), 1);
    else
        yard_assert_state(gang, GANG_WAITING);
    yard_close(&y);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/core_start");
    TCase *tc = tcase_create("start");
    int causes = (int)(sizeof CAUSES / sizeof *CAUSES);

    tcase_add_test(tc, a_gang_is_prepared_and_goes_when_all_its_hosts_are_ready);
    tcase_add_test(tc, it_is_done_when_all_its_tasks_have_exited_with_0);
    tcase_add_test(tc, not_ready_in_30_s_ends_the_attempt_and_takes_no_retry);
    tcase_add_test(tc, a_task_that_ends_before_all_are_ready_started_nothing);
    tcase_add_test(tc, the_wall_limit_stops_it_and_no_retry_is_made);
    tcase_add_test(tc, one_task_that_fails_stops_the_others);
    tcase_add_loop_test(tc, some_ends_take_a_retry_and_some_do_not, 0, causes);
    tcase_add_loop_test(tc, without_retries_an_end_that_takes_one_is_the_last, 0, causes);
    tcase_add_test(tc, what_is_cancelled_while_it_stops_is_not_retried);
    tcase_add_loop_test(tc, an_attempt_keeps_its_stack_unless_the_job_is_portable, 0, 2);
    suite_add_tcase(s, tc);
    return s;
}
