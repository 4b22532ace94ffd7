/*
 * Hosts that fall silent, and what ran there: suspect, down, fenced; many at once; hosts on which
 * jobs keep failing.
 */
#include "base/err.h"
#include "tests/support/suite.h"
#include "tests/support/yard.h"

/* Hosts of four chips. */
static void open_racks(struct yard *y, int racks, int hosts)
{
    yard_open(y, fleet_builder_make(1, 1, 1, racks, fleet_builder_system("a", hosts, 4, 40, 0)));
}

static enum host_state state_of(const struct yard *y, int host)
{
    return ledger_host_state(core_ledger(y->core), host);
}

/* A job that is fenced 60 + 5 + 30 s after its host's last report. */
static struct job_spec short_lease(void)
{
    struct job_spec spec = fleet_builder_job(1, 4, 0);

    spec.lease_minutes = 1;
    spec.grace_seconds = 5;
    return spec;
}

/* Its host falls silent; time goes on until it is down. */
static int lose_host(struct yard *y, const struct gang *gang)
{
    int host = gang->placement->tasks[0].host;

    y->is_silent[host] = true;
    yard_wait(y, 60);
    ck_assert_int_eq(state_of(y, host), HOST_DOWN);
    return host;
}

START_TEST(a_silent_host_is_suspect_after_15_s_and_down_after_60)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;
    int host;

    open_racks(&y, 1, 12);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    host = gang->placement->tasks[0].host;
    y.is_silent[host] = true;
    yard_wait(&y, 14.999);
    ck_assert_int_eq(state_of(&y, host), HOST_UP);
    yard_wait(&y, 0.001);
    ck_assert_int_eq(state_of(&y, host), HOST_SUSPECT);
    yard_wait(&y, 44.999);
    ck_assert_int_eq(state_of(&y, host), HOST_SUSPECT);
    yard_assert_state(gang, GANG_RUNNING);
    yard_wait(&y, 0.001);
    ck_assert_int_eq(state_of(&y, host), HOST_DOWN);
    yard_assert_state(gang, GANG_STOPPING);
    ck_assert_int_eq(yard_last(&y, ACTION_STOP, gang->id)->cause, END_LOST);
    yard_close(&y);
}
END_TEST

START_TEST(a_suspect_host_takes_no_work_and_loses_none)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *first, *second;

    open_racks(&y, 1, 1);
    spec.chips_per_task = 2;
    first = yard_submit(&y, &spec);
    yard_run(&y, first);
    y.is_silent[0] = true;
    yard_wait(&y, 20);
    second = yard_submit(&y, &spec);
    yard_round(&y);
    yard_assert_state(first, GANG_RUNNING);
    yard_assert_state(second, GANG_WAITING);
    y.is_silent[0] = false;
    yard_wait(&y, 5);
    ck_assert_int_eq(state_of(&y, 0), HOST_UP);
    yard_assert_state(first, GANG_RUNNING);
    yard_assert_state(second, GANG_STARTING);
    yard_close(&y);
}
END_TEST

START_TEST(a_host_that_never_reported_takes_no_work)
{
    struct core_options options = {.initial_hosts = HOST_UNKNOWN, .decides_quickly = true};
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;

    open_racks(&y, 1, 1);
    core_destroy(y.core);
    y.core = core_create(y.fleet, &options, y.now_ms);
    y.is_silent[0] = true;
    gang = yard_submit(&y, &spec);
    yard_wait(&y, 300);
    yard_assert_state(gang, GANG_WAITING);
    ck_assert_int_eq(state_of(&y, 0), HOST_UNKNOWN);
    y.is_silent[0] = false;
    yard_wait(&y, 5);
    yard_assert_state(gang, GANG_STARTING);
    yard_close(&y);
}
END_TEST

/* --- Fencing */

START_TEST(it_is_over_when_its_agent_says_so)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;
    int host;

    open_racks(&y, 1, 12);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    host = lose_host(&y, gang);
    y.is_silent[host] = false;
    yard_wait(&y, 5);
    ck_assert_int_eq(state_of(&y, host), HOST_UP);
    yard_assert_state(gang, GANG_STOPPING); /* the same boot: its task may still be there */
    yard_end(&y, gang, 143);
    yard_assert_state(gang, GANG_FAILED);
    ck_assert_int_eq(gang->cause, END_LOST);
    yard_close(&y);
}
END_TEST

START_TEST(it_is_over_when_its_host_has_booted_anew)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;
    int host;

    open_racks(&y, 1, 12);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    host = lose_host(&y, gang);
    y.boot[host]++;
    y.is_silent[host] = false;
    yard_wait(&y, 5);
    yard_assert_state(gang, GANG_FAILED);
    ck_assert_int_eq(gang->cause, END_LOST);
    yard_close(&y);
}
END_TEST

START_TEST(a_boot_that_nobody_missed_ends_what_ran_there)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;

    spec.retries = 1;
    open_racks(&y, 1, 12);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    y.boot[gang->placement->tasks[0].host]++;
    yard_wait(&y, 5);
    ck_assert_int_eq(gang->attempt, 2);
    ck_assert_int_eq(gang->retries_left, 0);
    yard_close(&y);
}
END_TEST

START_TEST(it_is_over_when_an_operator_says_so_of_a_host_that_is_down)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;
    struct event fence = {.kind = EVENT_HOST_FENCED};

    open_racks(&y, 1, 12);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    fence.host = gang->placement->tasks[0].host;
    yard_refuses(&y, fence, ERR_STATE);
    yard_assert_state(gang, GANG_RUNNING);
    (void)lose_host(&y, gang);
    yard_apply(&y, fence);
    yard_assert_state(gang, GANG_FAILED);
    yard_close(&y);
}
END_TEST

START_TEST(it_is_over_after_lease_grace_and_30_s)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;
    int chips;

    open_racks(&y, 1, 12);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    (void)lose_host(&y, gang);
    yard_wait(&y, 34.999);
    yard_assert_state(gang, GANG_STOPPING);
    ck_assert_double_gt(ledger_load_kw(core_ledger(y.core), POWER_RACK, 0), 3);
    chips = ledger_rack_free_chips(core_ledger(y.core), 0);
    ck_assert_int_eq(chips, 44);
    yard_wait(&y, 0.001);
    yard_assert_state(gang, GANG_FAILED);
    ck_assert_double_eq_tol(ledger_load_kw(core_ledger(y.core), POWER_RACK, 0), 0, 1e-9);
    yard_close(&y);
}
END_TEST

START_TEST(two_jobs_of_one_host_are_each_fenced_in_their_own_time)
{
    struct yard y;
    struct job_spec spec = short_lease();
    struct job_spec longer = short_lease();
    const struct gang *first, *second;

    open_racks(&y, 1, 12);
    spec.chips_per_task = longer.chips_per_task = 2;
    longer.lease_minutes = 3;
    first = yard_submit(&y, &spec);
    second = yard_submit(&y, &longer);
    yard_run(&y, first);
    yard_run(&y, second);
    ck_assert_int_eq(first->placement->tasks[0].host, second->placement->tasks[0].host);
    (void)lose_host(&y, first);
    yard_wait(&y, 35);
    yard_assert_state(first, GANG_FAILED);
    yard_wait(&y, 119.999);
    yard_assert_state(second, GANG_STOPPING);
    yard_wait(&y, 0.001);
    yard_assert_state(second, GANG_FAILED);
    yard_close(&y);
}
END_TEST

START_TEST(a_pause_of_our_own_shifts_the_fence_and_does_not_lose_it)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;

    open_racks(&y, 1, 12);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    (void)lose_host(&y, gang);
    y.now_ms += 20000; /* with the step after it, we took no report for 25 s */
    yard_wait(&y, 39.999);
    yard_assert_state(gang, GANG_STOPPING);
    yard_wait(&y, 0.001);
    yard_assert_state(gang, GANG_FAILED);
    yard_close(&y);
}
END_TEST

START_TEST(a_pause_of_our_own_makes_no_host_suspect)
{
    struct yard y;

    open_racks(&y, 1, 12);
    y.is_silent[3] = true;
    yard_wait(&y, 10);
    y.now_ms += 300000;
    yard_apply(&y, (struct event){.kind = EVENT_TICK});
    for (int host = 0; host < 12; host++)
        ck_assert_int_eq(state_of(&y, host), HOST_UP);
    yard_wait(&y, 10);
    for (int host = 0; host < 12; host++)
        ck_assert_int_eq(state_of(&y, host), host == 3 ? HOST_SUSPECT : HOST_UP);
    yard_close(&y);
}
END_TEST

START_TEST(a_lost_job_keeps_its_age_and_goes_elsewhere)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;
    int host;

    spec.retries = 1;
    open_racks(&y, 1, 12);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    host = lose_host(&y, gang);
    yard_assert_state(gang, GANG_STOPPING);
    ck_assert_int_eq(yard_count(&y, ACTION_PREPARE, gang->id), 1);
    yard_wait(&y, 35);
    yard_assert_state(gang, GANG_STARTING);
    ck_assert_int_eq(gang->attempt, 2);
    ck_assert_int_eq(gang->submit_ms, YARD_START_MS);
    ck_assert_int_ne(gang->placement->tasks[0].host, host);
    yard_close(&y);
}
END_TEST

/* --- Many at once */

/* Two of twelve hosts vanish, each with a job that has a retry; both jobs are fenced. */
static void vanish(struct yard *y, const struct job_spec *spec, const struct gang **gangs)
{
    open_racks(y, 1, 12);
    for (int i = 0; i < 2; i++) {
        gangs[i] = yard_submit(y, spec);
        yard_run(y, gangs[i]);
        y->is_silent[gangs[i]->placement->tasks[0].host] = true;
    }
    yard_wait(y, 95);
    for (int i = 0; i < 2; i++) {
        yard_assert_state(gangs[i], GANG_WAITING);
        ck_assert_int_eq(yard_why(y, gangs[i]).block.by, BLOCKED_HELD);
    }
    ck_assert(core_holds_retries(y->core));
}

START_TEST(after_many_hosts_vanished_retries_wait_until_half_are_back)
{
    struct yard y;
    struct job_spec spec = short_lease();
    struct job_spec fresh = short_lease();
    const struct gang *gangs[2];
    const struct gang *other;

    spec.retries = 1;
    vanish(&y, &spec, gangs);
    other = yard_submit(&y, &fresh);
    yard_assert_state(other, GANG_STARTING); /* new work goes on */
    yard_run(&y, other);
    yard_wait(&y, 300);
    yard_assert_state(gangs[0], GANG_WAITING);
    for (int host = 0; host < 12; host++)
        if (y.is_silent[host]) {
            y.is_silent[host] = false;
            break;
        }
    yard_wait(&y, 5);
    ck_assert(!core_holds_retries(y.core));
    yard_assert_state(gangs[0], GANG_STARTING);
    yard_assert_state(gangs[1], GANG_STARTING);
    yard_close(&y);
}
END_TEST

START_TEST(an_operator_lets_retries_go_on)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gangs[2];

    spec.retries = 1;
    vanish(&y, &spec, gangs);
    yard_apply(&y, (struct event){.kind = EVENT_RETRY_ALL});
    yard_assert_state(gangs[0], GANG_STARTING);
    yard_assert_state(gangs[1], GANG_STARTING);
    yard_refuses(&y, (struct event){.kind = EVENT_RETRY_ALL}, ERR_STATE);
    yard_close(&y);
}
END_TEST

static const int FEW_HOSTS[] = {2, 3, 9, 10};

START_TEST(one_host_alone_is_never_many)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;

    spec.retries = 1;
    open_racks(&y, 1, FEW_HOSTS[_i]);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    (void)lose_host(&y, gang);
    ck_assert(!core_holds_retries(y.core));
    yard_wait(&y, 35);
    yard_assert_state(gang, GANG_STARTING);
    yard_close(&y);
}
END_TEST

START_TEST(two_of_a_few_hosts_are_many)
{
    struct yard y;

    open_racks(&y, 1, FEW_HOSTS[_i]);
    y.is_silent[0] = y.is_silent[1] = true;
    yard_wait(&y, 60);
    ck_assert(core_holds_retries(y.core));
    yard_close(&y);
}
END_TEST

START_TEST(one_host_that_goes_twice_is_one_host)
{
    struct yard y;

    open_racks(&y, 1, 12);
    for (int i = 0; i < 2; i++) {
        y.is_silent[0] = true;
        yard_wait(&y, 60);
        ck_assert_int_eq(state_of(&y, 0), HOST_DOWN);
        y.is_silent[0] = false;
        yard_wait(&y, 1);
        ck_assert(!core_holds_retries(y.core));
    }
    yard_close(&y);
}
END_TEST

START_TEST(hosts_that_vanish_over_more_than_a_minute_are_not_many_at_once)
{
    struct yard y;

    open_racks(&y, 1, 12);
    y.is_silent[0] = true;
    yard_wait(&y, 60);
    y.is_silent[1] = true;
    yard_wait(&y, 60);
    ck_assert_int_eq(state_of(&y, 1), HOST_DOWN);
    ck_assert(!core_holds_retries(y.core));
    yard_close(&y);
}
END_TEST

START_TEST(a_host_that_was_down_before_does_not_count_as_one_that_is_back)
{
    struct yard y;

    open_racks(&y, 1, 20);
    y.is_silent[19] = true;
    yard_wait(&y, 200);
    for (int host = 0; host < 4; host++)
        y.is_silent[host] = true;
    yard_wait(&y, 60);
    ck_assert(core_holds_retries(y.core));
    y.is_silent[0] = y.is_silent[19] = false;
    yard_wait(&y, 5);
    ck_assert_int_eq(state_of(&y, 19), HOST_UP);
    ck_assert(core_holds_retries(y.core)); /* one of four */
    y.is_silent[1] = false;
    yard_wait(&y, 5);
    ck_assert(!core_holds_retries(y.core));
    yard_close(&y);
}
END_TEST

START_TEST(a_task_that_fails_as_its_peers_vanish_is_not_retried_either)
{
    struct yard y;
    struct job_spec spec = fleet_builder_job(3, 4, 0);
    const struct gang *gang;
    struct event failed = {.kind = EVENT_TASK_ENDED, .attempt = 1, .exit_status = 1};

    spec.retries = 1;
    spec.lease_minutes = 1;
    open_racks(&y, 1, 12);
    gang = yard_submit(&y, &spec);
    yard_run(&y, gang);
    y.is_silent[gang->placement->tasks[1].host] = true;
    y.is_silent[gang->placement->tasks[2].host] = true;
    yard_wait(&y, 20);
    failed.gang = gang->id; /* task 0: it lost its connections */
    yard_apply(&y, failed);
    yard_assert_state(gang, GANG_STOPPING);
    yard_wait(&y, 120);
    yard_assert_state(gang, GANG_WAITING);
    ck_assert_int_eq(gang->cause, END_FAILED);
    ck_assert_int_eq(yard_why(&y, gang).block.by, BLOCKED_HELD);
    yard_apply(&y, (struct event){.kind = EVENT_RETRY_ALL});
    yard_assert_state(gang, GANG_STARTING);
    yard_close(&y);
}
END_TEST

START_TEST(replicas_fail_one_by_one)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gangs[3];
    int64_t first = 0;

    spec.replicas_min = 1;
    spec.replicas_max = 3;
    open_racks(&y, 1, 12);
    gangs[0] = yard_submit(&y, &spec);
    ck_assert_int_eq(core_find_job(y.core, gangs[0]->job, &first), 3);
    for (int i = 0; i < 3; i++) {
        gangs[i] = core_find_gang(y.core, first + i);
        yard_run(&y, gangs[i]);
    }
    (void)lose_host(&y, gangs[1]);
    yard_wait(&y, 35);
    yard_assert_state(gangs[0], GANG_RUNNING);
    yard_assert_state(gangs[1], GANG_FAILED);
    yard_assert_state(gangs[2], GANG_RUNNING);
    yard_close(&y);
}
END_TEST

/* --- Hosts on which jobs keep failing */

static void fail_once(struct yard *y, const struct job_spec *spec)
{
    const struct gang *gang = yard_submit(y, spec);

    yard_run(y, gang);
    yard_end(y, gang, 1);
}

START_TEST(three_different_jobs_that_fail_in_a_day_drain_the_host)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;

    open_racks(&y, 1, 1);
    fail_once(&y, &spec);
    fail_once(&y, &spec);
    ck_assert_int_eq(state_of(&y, 0), HOST_UP);
    ck_assert_ptr_null(core_drain_reason(y.core, 0));
    fail_once(&y, &spec);
    ck_assert_int_eq(state_of(&y, 0), HOST_DRAINED);
    ck_assert_str_eq(
        core_drain_reason(y.core, 0), "tasks of 3 different jobs failed on it in a day");
    ck_assert_str_eq(yard_last(&y, ACTION_HOST_CHANGED, 0)->why, core_drain_reason(y.core, 0));
    yard_apply(&y, (struct event){.kind = EVENT_RESUME});
    ck_assert_int_eq(state_of(&y, 0), HOST_UP);
    gang = yard_submit(&y, &spec); /* and it counts from none again */
    yard_run(&y, gang);
    yard_end(&y, gang, 1);
    ck_assert_int_eq(state_of(&y, 0), HOST_UP);
    yard_close(&y);
}
END_TEST

START_TEST(one_job_that_fails_often_drains_nothing)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;

    spec.retries = 5;
    open_racks(&y, 1, 1);
    gang = yard_submit(&y, &spec);
    for (int i = 0; i < 6; i++) {
        yard_run(&y, gang);
        yard_end(&y, gang, 1);
    }
    yard_assert_state(gang, GANG_FAILED);
    ck_assert_int_eq(state_of(&y, 0), HOST_UP);
    yard_close(&y);
}
END_TEST

START_TEST(a_failure_of_the_day_before_does_not_count)
{
    struct yard y;
    struct job_spec spec = short_lease();

    open_racks(&y, 1, 1);
    fail_once(&y, &spec);
    yard_wait(&y, 12 * 3600);
    fail_once(&y, &spec);
    yard_wait(&y, 12 * 3600 + 1);
    fail_once(&y, &spec);
    ck_assert_int_eq(state_of(&y, 0), HOST_UP);
    yard_wait(&y, 3600);
    fail_once(&y, &spec);
    ck_assert_int_eq(state_of(&y, 0), HOST_DRAINED);
    yard_close(&y);
}
END_TEST

START_TEST(a_failed_prolog_drains_the_host_and_takes_no_retry)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *gang;
    int host;

    spec.retries = 1;
    open_racks(&y, 1, 12);
    gang = yard_submit(&y, &spec);
    host = gang->placement->tasks[0].host;
    yard_apply(&y,
        (struct event){
            .kind = EVENT_PROLOG_FAILED, .host = host, .gang = gang->id, .attempt = gang->attempt});
    ck_assert_int_eq(state_of(&y, host), HOST_DRAINED);
    ck_assert_str_eq(core_drain_reason(y.core, host), "its prolog failed");
    yard_assert_state(gang, GANG_STOPPING);
    yard_end(&y, gang, 0);
    ck_assert_int_eq(gang->attempt, 2);
    ck_assert_int_eq(gang->retries_left, 1);
    ck_assert_int_ne(gang->placement->tasks[0].host, host);
    yard_close(&y);
}
END_TEST

START_TEST(a_drained_host_keeps_what_runs_and_takes_nothing_new)
{
    struct yard y;
    struct job_spec spec = short_lease();
    const struct gang *first, *second;

    spec.chips_per_task = 2;
    open_racks(&y, 1, 1);
    first = yard_submit(&y, &spec);
    yard_run(&y, first);
    yard_apply(&y, (struct event){.kind = EVENT_DRAIN, .why = "a fan is loud"});
    second = yard_submit(&y, &spec);
    yard_wait(&y, 60);
    yard_assert_state(first, GANG_RUNNING);
    yard_assert_state(second, GANG_WAITING);
    ck_assert_str_eq(core_drain_reason(y.core, 0), "a fan is loud");
    yard_apply(&y, (struct event){.kind = EVENT_RESUME});
    yard_assert_state(second, GANG_STARTING);
    yard_close(&y);
}
END_TEST

static void add_silence(Suite *s)
{
    TCase *tc = tcase_create("silence");

    tcase_add_test(tc, a_silent_host_is_suspect_after_15_s_and_down_after_60);
    tcase_add_test(tc, a_suspect_host_takes_no_work_and_loses_none);
    tcase_add_test(tc, a_host_that_never_reported_takes_no_work);
    tcase_add_test(tc, it_is_over_when_its_agent_says_so);
    tcase_add_test(tc, it_is_over_when_its_host_has_booted_anew);
    tcase_add_test(tc, a_boot_that_nobody_missed_ends_what_ran_there);
    tcase_add_test(tc, it_is_over_when_an_operator_says_so_of_a_host_that_is_down);
    tcase_add_test(tc, it_is_over_after_lease_grace_and_30_s);
    tcase_add_test(tc, two_jobs_of_one_host_are_each_fenced_in_their_own_time);
    tcase_add_test(tc, a_pause_of_our_own_shifts_the_fence_and_does_not_lose_it);
    tcase_add_test(tc, a_pause_of_our_own_makes_no_host_suspect);
    tcase_add_test(tc, a_lost_job_keeps_its_age_and_goes_elsewhere);
    suite_add_tcase(s, tc);
}

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/core_failure");
    TCase *tc = tcase_create("many and often");

    add_silence(s);
    tcase_add_test(tc, after_many_hosts_vanished_retries_wait_until_half_are_back);
    tcase_add_test(tc, an_operator_lets_retries_go_on);
    tcase_add_loop_test(tc, one_host_alone_is_never_many, 0, sizeof FEW_HOSTS / sizeof *FEW_HOSTS);
    tcase_add_loop_test(tc, two_of_a_few_hosts_are_many, 0, sizeof FEW_HOSTS / sizeof *FEW_HOSTS);
    tcase_add_test(tc, one_host_that_goes_twice_is_one_host);
    tcase_add_test(tc, hosts_that_vanish_over_more_than_a_minute_are_not_many_at_once);
    tcase_add_test(tc, a_host_that_was_down_before_does_not_count_as_one_that_is_back);
    tcase_add_test(tc, a_task_that_fails_as_its_peers_vanish_is_not_retried_either);
    tcase_add_test(tc, replicas_fail_one_by_one);
    tcase_add_test(tc, three_different_jobs_that_fail_in_a_day_drain_the_host);
    tcase_add_test(tc, one_job_that_fails_often_drains_nothing);
    tcase_add_test(tc, a_failure_of_the_day_before_does_not_count);
    tcase_add_test(tc, a_failed_prolog_drains_the_host_and_takes_no_retry);
    tcase_add_test(tc, a_drained_host_keeps_what_runs_and_takes_nothing_new);
    suite_add_tcase(s, tc);
    return s;
}
