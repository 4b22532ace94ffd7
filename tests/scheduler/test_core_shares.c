/* Shares: what is lent, taken back and repaid; and that it settles. */
#include "tests/support/suite.h"
#include "tests/support/yard.h"

#include <math.h>

enum { ROUNDS = 50, STOPS_MOST = 6 };

/* A rack of each of two systems, "a" and "b", with so many hosts of four chips; half of the fleet
 * each. */
static void open_two(struct yard *y, int hosts, double red, double blue)
{
    struct fleet_builder *b = fleet_builder_make(
        1, 1, 1, 2, fleet_builder_system("a", hosts, 4, 40, 0));

    b->racks[1].system = fleet_builder_add_system(b, fleet_builder_system("b", hosts, 4, 40, 0));
    fleet_builder_add_tenant(b, "red", red, INFINITY);
    fleet_builder_add_tenant(b, "blue", blue, INFINITY);
    yard_open(y, b);
}

/* Interruptible, of whole hosts on one system. Its row is kept in the caller's *row. */
static struct job_spec some_job(
    const char *tenant, int tier, int hosts, const char *system, struct job_system *row)
{
    struct job_spec spec = fleet_builder_job(hosts, 4, JOB_SEGMENT_NONE);

    spec.tenant = tenant;
    spec.priority = tier * 100;
    spec.is_interruptible = true;
    *row = fleet_builder_row(&spec, system, 1);
    spec.systems = row;
    spec.system_count = 1;
    return spec;
}

/* All agents do as they are told; then a round. */
static void go_on(struct yard *y)
{
    for (size_t i = 0; i < core_gang_count(y->core); i++) {
        const struct gang *gang = core_gang_at(y->core, i);

        if (gang->state == GANG_STARTING)
            yard_ready(y, gang);
        else if (gang->state == GANG_STOPPING)
            yard_end(y, gang, 143);
    }
    yard_wait(y, 10);
    yard_round(y);
}

START_TEST(a_tenant_gets_its_share_back_from_who_borrowed_it)
{
    struct yard y;
    struct job_system rows[3];
    struct job_spec own = some_job("red", 5, 2, "b", &rows[0]);
    struct job_spec lent = some_job("red", 5, 2, "a", &rows[1]);
    struct job_spec owed = some_job("blue", 5, 2, "a", &rows[2]);
    const struct gang *first, *loan, *other;

    open_two(&y, 2, 0.5, 0.5);
    first = yard_submit(&y, &own);
    yard_run(&y, first);
    loan = yard_submit(&y, &lent);
    yard_run(&y, loan);
    other = yard_submit(&y, &owed);
    yard_assert_state(other, GANG_WAITING);
    yard_round(&y);
    yard_assert_state(loan, GANG_STOPPING);
    ck_assert_int_eq(yard_last(&y, ACTION_STOP, loan->id)->cause, END_GIVEN_BACK);
    yard_end(&y, loan, 143);
    yard_assert_state(other, GANG_STARTING);
    yard_assert_state(loan, GANG_WAITING);
    yard_assert_state(first, GANG_RUNNING);
    yard_close(&y);
}
END_TEST

START_TEST(what_its_tenants_share_has_room_for_by_now_is_no_loan)
{
    struct yard y;
    struct job_system rows[3];
    struct job_spec own = some_job("red", 5, 2, "b", &rows[0]);
    struct job_spec lent = some_job("red", 5, 2, "a", &rows[1]);
    struct job_spec owed = some_job("blue", 5, 2, "a", &rows[2]);
    const struct gang *first, *loan, *other;

    open_two(&y, 2, 0.5, 0.5);
    first = yard_submit(&y, &own);
    yard_run(&y, first);
    loan = yard_submit(&y, &lent);
    yard_run(&y, loan);
    yard_end(&y, first, 0);
    other = yard_submit(&y, &owed);
    for (int i = 0; i < 5; i++)
        go_on(&y);
    yard_assert_state(loan, GANG_RUNNING);
    yard_assert_state(other, GANG_WAITING);
    yard_close(&y);
}
END_TEST

START_TEST(room_that_a_job_needs_that_can_not_borrow_repays_no_loan)
{
    struct yard y;
    struct job_system rows[3];
    struct job_spec own = some_job("red", 5, 2, "b", &rows[0]);
    struct job_spec lent = some_job("red", 5, 2, "a", &rows[1]);
    struct job_spec next = some_job("red", 5, 2, "b", &rows[2]);
    const struct gang *first, *loan, *second;

    open_two(&y, 2, 0.5, 0.5);
    first = yard_submit(&y, &own);
    yard_run(&y, first);
    loan = yard_submit(&y, &lent);
    yard_run(&y, loan);
    next.is_interruptible = false;
    second = yard_submit(&y, &next); /* no chips, and no share while the first runs */
    yard_round(&y);
    yard_assert_state(second, GANG_WAITING);
    yard_end(&y, first, 0);
    yard_round(&y);
    yard_assert_state(second, GANG_STARTING);
    yard_assert_state(loan, GANG_RUNNING);
    yard_close(&y);
}
END_TEST

/* 20 hosts. Red's great job, a loan, beats red's small one by its tier; the small one, within red's
 * share, beats blue's by its tier; blue's, within blue's share, take back what was lent. */
START_TEST(who_beats_whom_in_a_circle_settles)
{
    struct yard y;
    struct job_system rows[6];
    struct job_spec specs[] = {some_job("red", 6, 11, "a", &rows[0]),
        some_job("blue", 4, 3, "a", &rows[1]), some_job("blue", 4, 3, "a", &rows[2]),
        some_job("blue", 4, 3, "a", &rows[3]), some_job("red", 5, 8, "a", &rows[4]),
        some_job("nobody", 4, 3, "a", &rows[5])};
    int running = 0;

    open_two(&y, 20, 0.25, 0.6);
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        (void)yard_submit(&y, &specs[i]);
        go_on(&y);
    }
    for (int i = 0; i < ROUNDS; i++)
        go_on(&y);
    ck_assert_int_le(yard_count(&y, ACTION_STOP, 0), STOPS_MOST);
    for (size_t i = 0; i < core_gang_count(y.core); i++)
        if (core_gang_at(y.core, i)->state == GANG_RUNNING)
            running += core_gang_at(y.core, i)->spec->tasks;
    ck_assert_int_ge(running, 17);
    yard_close(&y);
}
END_TEST

START_TEST(who_borrows_stops_nothing_where_another_waits_within_its_share)
{
    struct yard y;
    struct job_system rows[3];
    struct job_spec low = some_job("red", 3, 6, "a", &rows[0]);
    struct job_spec owed = some_job("blue", 1, 4, "a", &rows[1]);
    struct job_spec high = some_job("red", 6, 8, "a", &rows[2]);
    const struct gang *held, *waits, *borrows;

    open_two(&y, 8, 0.4, 0.6);
    held = yard_submit(&y, &low);
    yard_run(&y, held);
    waits = yard_submit(&y, &owed);
    borrows = yard_submit(&y, &high);
    for (int i = 0; i < 5; i++)
        go_on(&y);
    yard_assert_state(held, GANG_RUNNING);
    yard_assert_state(waits, GANG_WAITING);
    yard_assert_state(borrows, GANG_WAITING);
    yard_apply(&y, (struct event){.kind = EVENT_CANCEL, .job = waits->job, .member = -1});
    for (int i = 0; i < 5; i++)
        go_on(&y);
    yard_assert_state(borrows, GANG_RUNNING);
    yard_assert_state(held, GANG_WAITING);
    yard_close(&y);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/core_shares");
    TCase *tc = tcase_create("shares");

    tcase_add_test(tc, a_tenant_gets_its_share_back_from_who_borrowed_it);
    tcase_add_test(tc, what_its_tenants_share_has_room_for_by_now_is_no_loan);
    tcase_add_test(tc, room_that_a_job_needs_that_can_not_borrow_repays_no_loan);
    tcase_add_test(tc, who_beats_whom_in_a_circle_settles);
    tcase_add_test(tc, who_borrows_stops_nothing_where_another_waits_within_its_share);
    suite_add_tcase(s, tc);
    return s;
}
