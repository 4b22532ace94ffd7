/*
 * What happens while a full round waits for the answer of its program: gangs start, are cancelled
 * or come. The scheduler asks a process of its own, so all of this does happen.
 */
#include "tests/support/suite.h"
#include "tests/support/yard.h"

/* Two racks of four hosts of four chips: `small` and `large` don't fit together. */
struct scene {
    struct yard yard;
    struct job_spec all, half, whole;
    const struct gang *small, *large;
};

static enum round_stage step_to_question(struct yard *y)
{
    const struct placement_problem *problem = NULL;
    bool is_small = false;
    enum round_stage stage;

    do
        stage = core_round_step(y->core, y->now_ms, &problem, &is_small, &y->actions);
    while (stage == ROUND_MORE);
    return stage;
}

static void event_of(struct yard *y, enum event_kind kind, const struct gang *gang)
{
    yard_apply(y, (struct event){.kind = kind, .job = gang->job, .member = -1, .user = "user"});
}

/* The fleet has come free again, and a round asks which of the two it shall start. */
static void open_scene(struct scene *s)
{
    const struct gang *first;

    yard_open(&s->yard, fleet_builder_make(1, 1, 1, 2, fleet_builder_system("a", 4, 4, 40, 0)));
    s->all = s->whole = fleet_builder_job(8, 4, 0);
    s->half = fleet_builder_job(4, 4, 0);
    s->half.is_interruptible = true;
    first = yard_submit(&s->yard, &s->all);
    yard_run(&s->yard, first);
    s->small = yard_submit(&s->yard, &s->half);
    s->large = yard_submit(&s->yard, &s->whole);
    yard_end(&s->yard, first, 0);
    yard_assert_state(s->small, GANG_WAITING);
    yard_assert_state(s->large, GANG_WAITING);
    ck_assert_int_eq(step_to_question(&s->yard), ROUND_SOLVE);
    yard_forget(&s->yard);
}

/* No answer: it picks by itself. */
static void end_round(struct scene *s)
{
    do
        core_round_answer(s->yard.core, NULL, &s->yard.actions);
    while (step_to_question(&s->yard) == ROUND_SOLVE);
    yard_apply(&s->yard, (struct event){.kind = EVENT_TICK}); /* looks at the invariants */
}

START_TEST(what_started_meanwhile_is_not_started_again)
{
    struct scene s;

    open_scene(&s);
    event_of(&s.yard, EVENT_HOLD, s.small);
    event_of(&s.yard, EVENT_RELEASE, s.small); /* so the quick decision looks at it */
    yard_assert_state(s.small, GANG_STARTING);
    end_round(&s);
    yard_assert_state(s.small, GANG_STARTING);
    ck_assert_int_eq(s.small->attempt, 1);
    ck_assert_int_eq(yard_count(&s.yard, ACTION_PREPARE, s.small->id), 1);
    yard_assert_state(s.large, GANG_WAITING);
    yard_close(&s.yard);
}
END_TEST

START_TEST(what_was_cancelled_meanwhile_stays_so)
{
    struct scene s;

    open_scene(&s);
    event_of(&s.yard, EVENT_CANCEL, s.small);
    end_round(&s);
    yard_assert_state(s.small, GANG_CANCELLED);
    yard_assert_state(s.large, GANG_STARTING);
    yard_close(&s.yard);
}
END_TEST

START_TEST(what_was_held_meanwhile_waits)
{
    struct scene s;

    open_scene(&s);
    event_of(&s.yard, EVENT_HOLD, s.large);
    end_round(&s);
    yard_assert_state(s.large, GANG_WAITING);
    yard_assert_state(s.small, GANG_STARTING);
    yard_close(&s.yard);
}
END_TEST

/* It can only start by stopping others, which is for full rounds: there must be another one. */
START_TEST(what_came_meanwhile_gets_a_round)
{
    struct scene s;
    struct job_spec urgent = fleet_builder_job(8, 4, 0);
    const struct gang *gang;

    urgent.priority = 900;
    open_scene(&s);
    event_of(&s.yard, EVENT_HOLD, s.small);
    event_of(&s.yard, EVENT_RELEASE, s.small);
    yard_run(&s.yard, s.small);
    gang = yard_submit(&s.yard, &urgent);
    yard_assert_state(gang, GANG_WAITING);
    end_round(&s);
    yard_assert_state(gang, GANG_WAITING);
    yard_wait(&s.yard, 120);
    yard_assert_state(s.small, GANG_STOPPING);
    yard_end(&s.yard, s.small, 0);
    yard_assert_state(gang, GANG_STARTING);
    yard_close(&s.yard);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/round_overtaken");
    TCase *tc = tcase_create("overtaken");

    tcase_add_test(tc, what_started_meanwhile_is_not_started_again);
    tcase_add_test(tc, what_was_cancelled_meanwhile_stays_so);
    tcase_add_test(tc, what_was_held_meanwhile_waits);
    tcase_add_test(tc, what_came_meanwhile_gets_a_round);
    suite_add_tcase(s, tc);
    return s;
}
