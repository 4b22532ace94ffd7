#include "agent/agent_private.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

#include <string.h>

enum { OUTPUT_BYTES_MAX = 512 * 1024, CAP_TOLERANCE_W = 1 };

static const Wattyard__TaskState STATES[] = {
    [TASK_PREPARING] = WATTYARD__TASK_STATE__TASK_PREPARING,
    [TASK_READY] = WATTYARD__TASK_STATE__TASK_READY,
    [TASK_RUNNING] = WATTYARD__TASK_STATE__TASK_RUNNING,
    [TASK_STOPPING] = WATTYARD__TASK_STATE__TASK_STOPPING,
    [TASK_ENDED] = WATTYARD__TASK_STATE__TASK_ENDED,
    [TASK_LOST] = WATTYARD__TASK_STATE__TASK_LOST,
    [TASK_NOT_STARTED] = WATTYARD__TASK_STATE__TASK_NOT_STARTED,
    [TASK_PROLOG_FAILED] = WATTYARD__TASK_STATE__TASK_PROLOG_FAILED};

/* Text of drivers and programs as messages may carry it: what is no UTF-8 or would move a cursor
 * becomes '?'. */
static char *clean(struct arena *arena, const char *text)
{
    char *copy = arena_copy_text(arena, text);
    size_t length = strlen(copy);

    for (size_t at = 0; at < length;) {
        uint32_t code = 0;
        size_t bytes = utf8_decode(copy + at, length - at, &code);
        bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);

        if (bytes > 0 && !is_control) {
            at += bytes;
            continue;
        }
        do
            copy[at++] = '?';
        while (bytes > 1 && --bytes > 0);
    }
    return copy;
}

static int send_body(struct agent *agent, Wattyard__Envelope__BodyCase kind, void *body)
{
    struct launcher_memory memory = launcher_memory(agent->options.launcher);
    Wattyard__Envelope envelope;
    struct err err = {0};

    protocol_envelope_init(&envelope, kind, memory.cluster, memory.epoch, agent->options.host);
    if (memory.epoch == 0)
        envelope.cluster.len = 0;
    /* All members of the union are pointers to messages. */
    memcpy(&envelope.hello, &body, sizeof body);
    if (link_send(agent->options.link, &envelope, &err) == 0)
        return 0;
    if (err.kind != ERR_UNREACHABLE)
        agent_log(agent, "a message could not be sent: %s", err.text);
    return -1;
}

/* --- Tasks */

static void fill_task(struct agent *agent, const struct task_status *status,
    Wattyard__TaskReport *report, Wattyard__TaskId *id, struct arena *arena)
{
    const struct agent_task *task = agent_task_find(agent, status->id);

    wattyard__task_id__init(id);
    id->gang = status->id.gang;
    id->attempt = status->id.attempt;
    id->rank = status->id.rank;
    wattyard__task_report__init(report);
    report->id = id;
    report->job = status->job;
    report->state = STATES[status->state];
    report->exit_status = status->exit_status;
    report->signal = status->signal;
    report->why = clean(arena, status->why);
    report->started_ms = status->started_ms;
    report->ended_ms = status->ended_ms;
    report->checkpoint_ms = status->checkpoint_ms;
    report->cpuset = clean(arena, status->cpuset);
    report->port = status->port;
    if (task == NULL)
        return;
    report->mode = task->is_applied ? task->mode : 0;
    report->joules = task->joules;
}

static Wattyard__TaskReport **list_tasks(struct agent *agent, struct arena *arena, size_t *count)
{
    struct launcher *launcher = agent->options.launcher;
    size_t most = launcher_count(launcher);
    Wattyard__TaskReport **list = arena_zero(arena, most + 1, sizeof(Wattyard__TaskReport *));
    Wattyard__TaskReport *reports = arena_zero(arena, most + 1, sizeof *reports);
    Wattyard__TaskId *ids = arena_zero(arena, most + 1, sizeof *ids);

    for (size_t i = 0; i < most; i++) {
        fill_task(agent, launcher_at(launcher, i), &reports[i], &ids[i], arena);
        list[i] = &reports[i];
    }
    *count = most;
    return list;
}

/* --- Hello */

static Wattyard__ChipInfo **list_chips(const struct agent *agent, struct arena *arena)
{
    const struct inventory *inventory = agent->options.inventory;
    size_t count = (size_t)inventory->chip_count;
    Wattyard__ChipInfo **list = arena_zero(arena, count + 1, sizeof(Wattyard__ChipInfo *));
    Wattyard__ChipInfo *chips = arena_zero(arena, count + 1, sizeof *chips);

    for (size_t i = 0; i < count; i++) {
        const struct chip_use *use = &agent->use.chips[i];

        wattyard__chip_info__init(&chips[i]);
        chips[i].index = (uint32_t)i;
        chips[i].model = clean(arena, inventory->chips[i].model);
        chips[i].pci = clean(arena, inventory->chips[i].pci);
        chips[i].uuid = clean(arena, use->uuid);
        chips[i].memory_bytes = (double)use->memory_bytes;
        chips[i].is_bad = use->is_bad;
        chips[i].why = clean(arena, use->why);
        list[i] = &chips[i];
    }
    return list;
}

static void fill_inventory(const struct agent *agent, Wattyard__Inventory *out, struct arena *arena)
{
    const struct inventory *inventory = agent->options.inventory;

    wattyard__inventory__init(out);
    out->cores = (uint32_t)inventory->core_count;
    out->hardware_threads = (uint32_t)inventory->thread_count;
    out->numa_nodes = (uint32_t)inventory->numa_count;
    out->memory_bytes = inventory->memory_bytes;
    out->n_chips = (size_t)inventory->chip_count;
    out->chips = list_chips(agent, arena);
    out->can_cap = sensors_can_cap(agent->options.sensors);
    out->is_stored = inventory->is_stored;
    out->model = clean(arena, inventory->processor);
}

int agent_send_hello(struct agent *agent, int64_t now_ms)
{
    struct launcher_memory memory = launcher_memory(agent->options.launcher);
    struct arena *arena = arena_create();
    char version[] = WATTYARD_VERSION;
    Wattyard__Inventory inventory;
    Wattyard__Hello hello;
    int rc;

    wattyard__hello__init(&hello);
    hello.version = version;
    hello.boot_id = agent->boot_id;
    hello.address = clean(arena, agent->options.address);
    hello.highest_epoch = memory.epoch;
    hello.highest_gang = memory.highest_gang;
    hello.highest_job = memory.highest_job;
    fill_inventory(agent, &inventory, arena);
    hello.inventory = &inventory;
    hello.tasks = list_tasks(agent, arena, &hello.n_tasks);
    hello.sent_boot_ms = now_ms;
    rc = send_body(agent, WATTYARD__ENVELOPE__BODY_HELLO, &hello);
    if (rc == 0)
        agent->last_sent_ms = now_ms;
    arena_destroy(arena);
    return rc;
}

/* --- Report */

static double or_zero(double value)
{
    return value > 0 ? value : 0;
}

static Wattyard__ChipUse **list_uses(const struct agent *agent, struct arena *arena)
{
    size_t count = (size_t)agent->use.chip_count;
    Wattyard__ChipUse **list = arena_zero(arena, count + 1, sizeof(Wattyard__ChipUse *));
    Wattyard__ChipUse *uses = arena_zero(arena, count + 1, sizeof *uses);

    for (size_t i = 0; i < count; i++) {
        const struct chip_use *use = &agent->use.chips[i];
        bool is_capped = use->cap_w > 0 && use->cap_w < use->default_cap_w - CAP_TOLERANCE_W;

        wattyard__chip_use__init(&uses[i]);
        uses[i].index = (uint32_t)i;
        uses[i].use_frac = use->use_frac;
        uses[i].memory_used_bytes = use->memory_used_bytes;
        uses[i].power_w = or_zero(use->power_w);
        uses[i].cap_w = is_capped ? use->cap_w : 0;
        list[i] = &uses[i];
    }
    return list;
}

int agent_send_report(struct agent *agent, int64_t now_ms)
{
    struct arena *arena = arena_create();
    Wattyard__Report report;
    int rc;

    wattyard__report__init(&report);
    report.generation = agent->generation;
    report.load = agent->use.load;
    report.memory_used_bytes = agent->use.memory_used_bytes;
    report.power_w = or_zero(agent->use.power_w);
    report.n_chips = (size_t)agent->use.chip_count;
    report.chips = list_uses(agent, arena);
    report.tasks = list_tasks(agent, arena, &report.n_tasks);
    report.sent_boot_ms = now_ms;
    rc = send_body(agent, WATTYARD__ENVELOPE__BODY_REPORT, &report);
    if (rc == 0)
        agent->last_sent_ms = now_ms;
    arena_destroy(arena);
    return rc;
}

/* --- The rest */

int agent_send_output(struct agent *agent, const Wattyard__ReadOutput *wish)
{
    size_t most = wish->max_bytes < OUTPUT_BYTES_MAX ? wish->max_bytes : OUTPUT_BYTES_MAX;
    struct task_id id = {0};
    struct arena *arena = arena_create();
    struct str bytes = {0};
    struct err err = {0};
    Wattyard__OutputPage page;
    int rc;

    if (wish->id != NULL)
        id = (struct task_id){wish->id->gang, wish->id->attempt, wish->id->rank};
    wattyard__output_page__init(&page);
    page.request = wish->request;
    page.offset = wish->offset;
    if (launcher_read_output(
            agent->options.launcher, id, &page.offset, wish->from_end, most, &bytes, &err) != 0)
        page.error = clean(arena, err.text);
    page.bytes.data = (uint8_t *)bytes.text;
    page.bytes.len = bytes.length;
    page.is_end = wish->from_end || bytes.length < most;
    rc = send_body(agent, WATTYARD__ENVELOPE__BODY_OUTPUT, &page);
    str_fini(&bytes);
    arena_destroy(arena);
    return rc;
}

int agent_send_refused(struct agent *agent, Wattyard__Refused__Code code, const char *why)
{
    struct launcher_memory memory = launcher_memory(agent->options.launcher);
    struct arena *arena = arena_create();
    Wattyard__Refused refused;
    int rc;

    wattyard__refused__init(&refused);
    refused.code = code;
    refused.why = arena_copy_text(arena, why);
    refused.highest_epoch = memory.epoch;
    refused.highest_gang = memory.highest_gang;
    refused.highest_job = memory.highest_job;
    rc = send_body(agent, WATTYARD__ENVELOPE__BODY_REFUSED, &refused);
    arena_destroy(arena);
    return rc;
}
