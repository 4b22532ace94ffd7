#include "agent/inventory.h"

#include "base/err.h"
#include "base/faults.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"
#include "topologies/catalog_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORDS = 8, THREADS_MAX = WORDS * 64, SYSTEMS = 8, SEEDS = 40 };

static const char *const HOSTS[SYSTEMS] = {"trn2-ultraserver", "trn3-gen1", "trn3-gen2", "trn4",
    "gb200-nvl72", "gb300-nvl72", "vr-nvl72", "tpu-v7"};

static struct inventory *open_path(const char *path, const char *sysfs)
{
    struct err err = {0};
    struct inventory *inventory = inventory_create(path, sysfs, &err);

    ck_assert_msg(inventory != NULL, "%s", err.text);
    return inventory;
}

static struct inventory *open_host(const char *system)
{
    struct str path = {0};
    struct inventory *inventory;

    str_format(&path, "topologies/hosts/%s.xml", system);
    inventory = open_path(path.text, NULL);
    str_fini(&path);
    return inventory;
}

static void check_refused(const char *path, const char *expected)
{
    struct err err = {0};

    ck_assert_ptr_null(inventory_create(path, NULL, &err));
    ck_assert_msg(strstr(err.text, expected) != NULL, "%s", err.text);
}

/* "0-3,8" as numbers, read by other code than that which wrote it. */
static int expand(const char *list, bool *is_in)
{
    struct hostlist names = {0};
    struct err err = {0};
    struct str text = {0};
    int count;

    memset(is_in, 0, THREADS_MAX * sizeof *is_in);
    str_format(&text, "t[%s]", list);
    ck_assert_msg(hostlist_expand(text.text, THREADS_MAX, &names, &err) == 0, "%s", err.text);
    for (size_t i = 0; i < names.count; i++) {
        int64_t number = -1;

        ck_assert_int_eq(str_parse_int(names.names[i] + 1, &number), 0);
        ck_assert_msg(!is_in[number], "%s names %d twice", list, (int)number);
        is_in[number] = true;
    }
    count = (int)names.count;
    hostlist_fini(&names);
    str_fini(&text);
    return count;
}

static void check_choice(struct inventory *inventory, uint64_t chips, double cores, uint64_t *taken,
    const char *expected)
{
    struct str cpuset = {0};
    struct err err = {0};
    int rc = inventory_choose_cores(inventory, chips, cores, taken, WORDS, &cpuset, &err);

    ck_assert_msg(rc == 0, "%s", err.text);
    ck_assert_str_eq(str_text(&cpuset), expected);
    str_fini(&cpuset);
}

START_TEST(each_system_of_the_catalog_has_a_tray_as_the_catalog_says)
{
    struct faults faults = {0};
    struct catalog_file *file = catalog_file_load("topologies/catalog.xml", ".", &faults);

    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < file->catalog.system_count; i++) {
        const struct system *system = &file->catalog.systems[i];
        struct inventory *inventory = open_host(system->id);
        double gb = (double)inventory->memory_bytes / 1e9;

        ck_assert_msg(inventory->chip_count == system->chips_per_host, "%s", system->id);
        ck_assert(inventory->is_stored);
        if (system->host_cores > 0)
            ck_assert_msg(inventory->thread_count == system->host_cores, "%s", system->id);
        if (system->host_memory_gb > 0)
            ck_assert_msg(fabs(gb - system->host_memory_gb) < 1, "%s: %g GB", system->id, gb);
        for (int c = 0; c < inventory->chip_count; c++) {
            ck_assert_int_eq(
                inventory->chips[c].kind == CHIP_NEURON, str_equal(system->chip->stack, "neuron"));
            ck_assert_int_eq(
                inventory->chips[c].kind == CHIP_NVIDIA, str_equal(system->chip->stack, "cuda"));
        }
        inventory_destroy(inventory);
    }
    catalog_file_destroy(file);
    faults_fini(&faults);
}
END_TEST

START_TEST(chips_stand_in_order_of_their_pci_addresses_with_their_node)
{
    struct inventory *inventory = open_host("gb300-nvl72");
    static const char *const PCI[] = {
        "0000:10:00.0", "0000:11:00.0", "0000:90:00.0", "0000:91:00.0"};

    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(inventory->chips[i].pci, PCI[i]);
        ck_assert_str_eq(inventory->chips[i].model, "NVIDIA GB300");
        ck_assert_int_eq(inventory->chips[i].numa_node, i / 2);
    }
    ck_assert_int_eq(inventory->core_count, 144);
    ck_assert_int_eq(inventory->numa_count, 2);
    ck_assert_str_eq(inventory->processor, "NVIDIA Grace");
    inventory_destroy(inventory);
}
END_TEST

START_TEST(this_host_has_the_processors_that_the_system_counts)
{
    struct inventory *inventory = open_path(NULL, NULL);

    ck_assert(!inventory->is_stored);
    ck_assert_int_ge(inventory->thread_count, 1);
    ck_assert_int_le(inventory->thread_count, (int)sysconf(_SC_NPROCESSORS_ONLN));
    ck_assert_int_le(inventory->core_count, inventory->thread_count);
    ck_assert_uint_gt(inventory->memory_bytes, 100 * 1000 * 1000);
    inventory_destroy(inventory);
}
END_TEST

START_TEST(the_environment_is_left_as_it_was)
{
    ck_assert_int_eq(setenv("HWLOC_COMPONENTS", "linux", 1), 0);
    (void)unsetenv("HWLOC_PLUGINS_PATH");
    inventory_destroy(open_host("trn4"));
    ck_assert_str_eq(getenv("HWLOC_COMPONENTS"), "linux");
    ck_assert_ptr_null(getenv("HWLOC_PLUGINS_PATH"));
    ck_assert_ptr_null(getenv("HWLOC_LIBXML"));
}
END_TEST

START_TEST(a_file_that_is_no_topology_is_refused_also_where_hwloc_crashes_on_it)
{
    char *folder = tempdir_create();
    char *text = tempdir_write_text(folder, "a.xml", "<topology>hello</topology>");
    /* hwloc 2.9 takes objects without complete_cpuset for whole, and follows the pointer. */
    char *crash = tempdir_write_text(folder, "b.xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
        "<topology version=\"2.0\">\n"
        " <object type=\"Machine\" cpuset=\"0x1\" nodeset=\"0x1\" gp_index=\"1\">\n"
        "  <object type=\"NUMANode\" os_index=\"0\" cpuset=\"0x1\" nodeset=\"0x1\" "
        "gp_index=\"2\"/>\n"
        "  <object type=\"PU\" os_index=\"0\" cpuset=\"0x1\" nodeset=\"0x1\" gp_index=\"3\"/>\n"
        " </object>\n"
        "</topology>\n");
    char *pipe_path = tempdir_path(folder, "pipe");

    ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
    check_refused(text, "is no topology");
    check_refused(crash, "is no topology");
    check_refused(pipe_path, "not a regular file");
    check_refused("/nowhere/x.xml", "can't be read");
    mem_free(pipe_path);
    mem_free(crash);
    mem_free(text);
    tempdir_remove(folder);
}
END_TEST

START_TEST(cores_are_taken_near_the_chips_then_in_their_package_then_anywhere)
{
    struct inventory *inventory = open_host("gb200-nvl72");
    uint64_t taken[WORDS] = {0};
    struct str cpuset = {0};
    struct err err = {0};

    check_choice(inventory, 1, 36, taken, "0-35");
    check_choice(inventory, 1u << 3, 36, taken, "72-107");
    check_choice(inventory, 1u << 2, 40, taken, "36-39,108-143");
    check_choice(inventory, 1u << 1, 31.5, taken, "40-71");
    ck_assert_int_eq(inventory_choose_cores(inventory, 2, 1, taken, WORDS, &cpuset, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    ck_assert_str_eq(str_text(&cpuset), "");
    inventory_destroy(inventory);
}
END_TEST

START_TEST(chips_of_two_nodes_get_cores_of_both)
{
    struct inventory *inventory = open_host("trn2-ultraserver");
    uint64_t taken[WORDS] = {0};

    check_choice(inventory, 0x8001, 8, taken, "0-1,48-49,96-97,144-145");
    inventory_destroy(inventory);
}
END_TEST

START_TEST(whole_cores_go_first_and_half_ones_when_none_is_left)
{
    struct inventory *inventory = open_host("trn3-gen1");
    uint64_t taken[WORDS] = {0};

    check_choice(inventory, 1, 1, taken, "0");
    check_choice(inventory, 1, 2, taken, "1,97");
    check_choice(inventory, 0xffff, 188, taken, "2-95,98-191");
    check_choice(inventory, 1, 1, taken, "96");
    ck_assert_uint_eq(taken[0] & taken[1] & taken[2], UINT64_MAX);
    inventory_destroy(inventory);
}
END_TEST

START_TEST(a_task_without_chips_stays_on_one_node)
{
    struct inventory *inventory = open_host("gb200-nvl72");
    uint64_t taken[WORDS] = {0};

    check_choice(inventory, 0, 70, taken, "0-69");
    check_choice(inventory, 0, 3, taken, "72-74");
    check_choice(inventory, 0, 0, taken, "70");
    check_choice(inventory, 0, 70, taken, "71,75-143");
    inventory_destroy(inventory);
}
END_TEST

START_TEST(impossible_numbers_of_cores_are_refused)
{
    static const double CORES[] = {145, 1e300, INFINITY, NAN};
    struct inventory *inventory = open_host("gb200-nvl72");

    for (size_t i = 0; i < sizeof CORES / sizeof *CORES; i++) {
        struct str cpuset = {0};
        struct err err = {0};

        ck_assert_int_eq(
            inventory_choose_cores(inventory, 0, CORES[i], NULL, 0, &cpuset, &err), -1);
        ck_assert_int_eq(err.kind, ERR_LIMIT);
    }
    inventory_destroy(inventory);
}
END_TEST

static int count_bits(const uint64_t *words)
{
    int count = 0;

    for (int i = 0; i < WORDS; i++)
        count += __builtin_popcountll(words[i]);
    return count;
}

/* What was refused did not fit, what was given is as much as was asked, and nobody else's. */
START_TEST(random_tasks_never_share_a_thread_and_are_refused_only_when_full)
{
    struct rng rng = rng_seed((uint64_t)_i);
    struct inventory *inventory = open_host(HOSTS[_i % SYSTEMS]);
    uint64_t taken[WORDS] = {0};

    for (int task = 0; task < 200; task++) {
        double cores = (double)rng_between(&rng, 1, inventory->thread_count / 8);
        uint64_t chips = rng_next(&rng) & (((uint64_t)1 << inventory->chip_count) - 1);
        int used = count_bits(taken);
        uint64_t before[WORDS];
        struct str cpuset = {0};
        struct err err = {0};
        bool is_in[THREADS_MAX];

        memcpy(before, taken, sizeof before);
        if (inventory_choose_cores(inventory, chips, cores, taken, WORDS, &cpuset, &err) != 0) {
            ck_assert_int_gt(used + (int)cores, inventory->thread_count);
            ck_assert_mem_eq(before, taken, sizeof before);
        } else {
            ck_assert_int_eq(expand(str_text(&cpuset), is_in), (int)cores);
            for (int t = 0; t < THREADS_MAX; t++)
                ck_assert_int_eq((taken[t / 64] >> (t % 64) & 1),
                    (before[t / 64] >> (t % 64) & 1) + (uint64_t)is_in[t]);
        }
        str_fini(&cpuset);
        if (rng_between(&rng, 0, 3) == 0)
            taken[rng_between(&rng, 0, inventory->thread_count / 64 - 1)] = 0;
    }
    inventory_destroy(inventory);
}
END_TEST

START_TEST(shares_follow_the_chips)
{
    struct inventory *inventory = open_host("gb300-nvl72");

    ck_assert_double_eq(inventory_core_share(inventory, 1), 36);
    ck_assert_double_eq(inventory_core_share(inventory, 0xf), 144);
    ck_assert_double_eq(inventory_core_share(inventory, 0), 1);
    ck_assert_double_eq_tol(inventory_memory_share_gb(inventory, 3), 515.4, 0.1);
    ck_assert_double_eq(inventory_memory_share_gb(inventory, 0), 0);
    inventory_destroy(inventory);
}
END_TEST

static void make_device(const char *folder, int number, const char *address)
{
    struct str name = {0};
    struct str target = {0};
    char *path;

    str_format(
        &name, "devices/virtual/neuron_device/neuron%d/info/architecture/device_name", number);
    mem_free(tempdir_write_text(folder, name.text, "Trainium3\n"));
    str_clear(&name);
    str_format(&name, "devices/virtual/neuron_device/neuron%d/device", number);
    str_format(&target, "../../../pci0000:00/%s", address);
    path = tempdir_path(folder, name.text);
    if (address != NULL)
        ck_assert_int_eq(symlink(target.text, path), 0);
    mem_free(path);
    str_fini(&target);
    str_fini(&name);
}

START_TEST(neuron_devices_are_found_in_sysfs_by_address_else_by_number)
{
    char *folder = tempdir_create();
    struct inventory *inventory;

    make_device(folder, 0, "0000:a0:1e.0");
    make_device(folder, 2, "0000:10:1e.0");
    inventory = open_path(NULL, folder);
    ck_assert_int_eq(inventory->chip_count, 2);
    ck_assert_str_eq(inventory->chips[0].pci, "0000:10:1e.0");
    ck_assert_str_eq(inventory->chips[1].pci, "0000:a0:1e.0");
    ck_assert_str_eq(inventory->chips[1].model, "Trainium3");
    ck_assert_int_eq(inventory->chips[1].kind, CHIP_NEURON);
    inventory_destroy(inventory);
    /* hwloc's own count goes first. */
    inventory = open_path("topologies/hosts/trn3-gen2.xml", folder);
    ck_assert_int_eq(inventory->chip_count, 4);
    inventory_destroy(inventory);
    tempdir_remove(folder);
}
END_TEST

START_TEST(more_accelerators_than_a_task_can_name_are_refused)
{
    char *folder = tempdir_create();
    struct err err = {0};

    for (int i = 0; i <= INVENTORY_CHIPS_MAX; i++) {
        struct str name = {0};

        str_format(&name, "class/neuron_device/neuron%d/core_count", i);
        mem_free(tempdir_write_text(folder, name.text, "8\n"));
        str_fini(&name);
    }
    ck_assert_ptr_null(inventory_create(NULL, folder, &err));
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    tempdir_remove(folder);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("inventory");
    TCase *find = tcase_create("find");
    TCase *cores = tcase_create("cores");

    tcase_add_test(find, each_system_of_the_catalog_has_a_tray_as_the_catalog_says);
    tcase_add_test(find, chips_stand_in_order_of_their_pci_addresses_with_their_node);
    tcase_add_test(find, this_host_has_the_processors_that_the_system_counts);
    tcase_add_test(find, the_environment_is_left_as_it_was);
    tcase_add_test(find, a_file_that_is_no_topology_is_refused_also_where_hwloc_crashes_on_it);
    tcase_add_test(find, neuron_devices_are_found_in_sysfs_by_address_else_by_number);
    tcase_add_test(find, more_accelerators_than_a_task_can_name_are_refused);
    suite_add_tcase(s, find);
    tcase_add_test(cores, cores_are_taken_near_the_chips_then_in_their_package_then_anywhere);
    tcase_add_test(cores, chips_of_two_nodes_get_cores_of_both);
    tcase_add_test(cores, whole_cores_go_first_and_half_ones_when_none_is_left);
    tcase_add_test(cores, a_task_without_chips_stays_on_one_node);
    tcase_add_test(cores, impossible_numbers_of_cores_are_refused);
    tcase_add_test(cores, shares_follow_the_chips);
    tcase_add_loop_test(
        cores, random_tasks_never_share_a_thread_and_are_refused_only_when_full, 0, SEEDS);
    suite_add_tcase(s, cores);
    return s;
}
