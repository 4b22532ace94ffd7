#include "tests/support/cluster.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/faults.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/tempdir.h"
#include "topologies/fleet.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    WORDS_MOST = 48,
    FILES_MOST = 1024,
    ADDRESS_SIZE = 64,
    START_S = 20,
    END_S = 20,
    LOG_MOST = 8 << 20
};

struct agent {
    char *name; /* owned */
    char *address;
    pid_t pid; /* 0: none */
};

struct cluster {
    struct cluster_options options;
    char *folder;
    char *build; /* where the programs are */
    struct agent *agents;
    int host_count;
    pid_t scheduler; /* 0: none */
    char agents_address[ADDRESS_SIZE], people_address[ADDRESS_SIZE];
    char *files[FILES_MOST];
    size_t file_count;
};

void cluster_sleep_ms(int ms)
{
    struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};

    (void)nanosleep(&pause, NULL);
}

/* --- Processes */

static char *build_folder(void)
{
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    char *cut;

    ck_assert(n > 0);
    program[n] = '\0';
    cut = strstr(program, "/tests/system/");
    if (cut == NULL)
        cut = strstr(program, "/bench/");
    ck_assert_msg(cut != NULL, "%s does not stand in a build folder", program);
    *cut = '\0';
    return mem_copy_text(program);
}

static pid_t start(const struct cluster *cluster, char *const *words, const char *log)
{
    char *path = tempdir_path(cluster->folder, log);
    pid_t pid = fork();

    ck_assert(pid >= 0);
    if (pid == 0) {
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
            _exit(126);
        (void)setpgid(0, 0);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that is ended leaves no daemon */
        (void)execv(words[0], words);
        _exit(127);
    }
    mem_free(path);
    return pid;
}

static bool has_ended(pid_t *pid, int *status)
{
    if (*pid == 0)
        return true;
    if (waitpid(*pid, status, WNOHANG) != *pid)
        return false;
    *pid = 0;
    return true;
}

static void end_process(pid_t *pid, int signal)
{
    int status = 0;

    if (*pid == 0)
        return;
    (void)kill(*pid, signal);
    for (double start_s = clock_monotonic_s(); !has_ended(pid, &status);) {
        if (clock_monotonic_s() - start_s > END_S)
            (void)kill(*pid, SIGKILL);
        cluster_sleep_ms(2);
    }
}

const char *cluster_user(void)
{
    const struct passwd *own = getpwuid(getuid());

    return own != NULL ? own->pw_name : "root";
}

/* --- Birth and death */

static void make_keys(struct cluster *cluster)
{
    if (cluster->options.is_insecure)
        return;
    cluster_expect(cluster, 0, "keys", "init", "keys", NULL);
    cluster_expect(cluster, 0, "keys", "host", "keys", "--fleet", "fleet.xml", NULL);
    cluster_expect(
        cluster, 0, "keys", "user", "keys", cluster_user(), "--roles", "view,submit,operate", NULL);
}

struct cluster *cluster_create(const struct cluster_options *options)
{
    struct cluster *cluster = mem_zero(1, sizeof *cluster);
    struct faults faults = {0};
    struct fleet *fleet;
    char name[FLEET_NAME_SIZE];

    cluster->options = *options;
    cluster->folder = tempdir_create();
    cluster->build = build_folder();
    (void)cluster_write(cluster, "fleet.xml", options->fleet_xml);
    fleet = fleet_parse(options->fleet_xml, strlen(options->fleet_xml), "fleet.xml", &faults);
    if (fleet == NULL)
        faults_print(&faults, stderr);
    ck_assert_ptr_nonnull(fleet);
    cluster->host_count = fleet->host_count;
    cluster->agents = mem_zero((size_t)fleet->host_count, sizeof *cluster->agents);
    for (int i = 0; i < fleet->host_count; i++)
        cluster->agents[i].name = mem_copy_text(fleet_host_name(fleet, i, name));
    fleet_destroy(fleet);
    faults_fini(&faults);
    make_keys(cluster);
    return cluster;
}

/* Does the command line of the process name the folder? Blanks it to one line. */
static bool names_folder(const struct cluster *cluster, const char *pid)
{
    char path[PATH_MAX];
    char line[4096];
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
    fd = open(path, O_RDONLY);
    if (fd < 0)
        return false;
    n = read(fd, line, sizeof line - 1);
    (void)close(fd);
    if (n <= 0)
        return false;
    for (ssize_t i = 0; i < n; i++)
        if (line[i] == '\0')
            line[i] = ' ';
    line[n] = '\0';
    return strstr(line, cluster->folder) != NULL;
}

static int for_processes(const struct cluster *cluster, int signal)
{
    DIR *folder = opendir("/proc");
    int count = 0;

    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int64_t number;
        pid_t pid;

        if (str_parse_int(entry->d_name, &number) != 0 || number == getpid() ||
            !names_folder(cluster, entry->d_name))
            continue;
        pid = (pid_t)number;
        count++;
        if (signal != 0)
            (void)kill(pid, signal);
    }
    (void)closedir(folder);
    return count;
}

int cluster_process_count(const struct cluster *cluster)
{
    return for_processes(cluster, 0);
}

void cluster_destroy(struct cluster *cluster)
{
    int left;
    double start_s = clock_monotonic_s();

    end_process(&cluster->scheduler, SIGTERM);
    for (int i = 0; i < cluster->host_count; i++)
        if (cluster->agents[i].pid != 0)
            (void)kill(cluster->agents[i].pid, SIGTERM);
    for (int i = 0; i < cluster->host_count; i++) {
        end_process(&cluster->agents[i].pid, SIGTERM);
        mem_free(cluster->agents[i].name);
        mem_free(cluster->agents[i].address);
    }
    /* Shims and their tasks outlive agents: that is their point. */
    while ((left = for_processes(cluster, SIGKILL)) > 0 && clock_monotonic_s() - start_s < END_S)
        cluster_sleep_ms(5);
    ck_assert_int_eq(left, 0);
    for (size_t i = 0; i < cluster->file_count; i++)
        mem_free(cluster->files[i]);
    tempdir_remove(cluster->folder);
    mem_free(cluster->agents);
    mem_free(cluster->build);
    mem_free(cluster);
}

const char *cluster_folder(const struct cluster *cluster)
{
    return cluster->folder;
}

int cluster_host_count(const struct cluster *cluster)
{
    return cluster->host_count;
}

const char *cluster_host(const struct cluster *cluster, int host)
{
    return cluster->agents[host].name;
}

/* --- Files */

const char *cluster_write(struct cluster *cluster, const char *name, const char *text)
{
    char *path = tempdir_write_text(cluster->folder, name, text);

    for (size_t i = 0; i < cluster->file_count; i++)
        if (strcmp(cluster->files[i], path) == 0) {
            mem_free(path);
            return cluster->files[i];
        }
    ck_assert(cluster->file_count < FILES_MOST);
    cluster->files[cluster->file_count++] = path;
    return path;
}

char *cluster_read(const struct cluster *cluster, const char *name)
{
    char *path = tempdir_path(cluster->folder, name);
    char *bytes = NULL;
    size_t count = 0;

    if (file_read(path, LOG_MOST, &bytes, &count, NULL) != 0)
        bytes = NULL;
    mem_free(path);
    return bytes;
}

bool cluster_wait_file(const struct cluster *cluster, const char *name, double seconds)
{
    char *path = tempdir_path(cluster->folder, name);
    double start_s = clock_monotonic_s();
    struct stat facts;
    bool is_there;

    while (!(is_there = stat(path, &facts) == 0) && clock_monotonic_s() - start_s < seconds)
        cluster_sleep_ms(5);
    mem_free(path);
    return is_there;
}

char *cluster_log(const struct cluster *cluster)
{
    struct str all = {0};
    char *scheduler = cluster_read(cluster, "scheduler.log");
    char *agents = cluster_read(cluster, "agents.log");

    str_add(&all, scheduler != NULL ? scheduler : "");
    str_add(&all, agents != NULL ? agents : "");
    mem_free(scheduler);
    mem_free(agents);
    return all.text != NULL ? all.text : mem_copy_text("");
}

/* --- The scheduler */

static void read_addresses(struct cluster *cluster)
{
    char *ready = cluster_read(cluster, "ready");
    char agents[ADDRESS_SIZE] = "";
    char people[ADDRESS_SIZE] = "";

    ck_assert_ptr_nonnull(ready);
    ck_assert_int_eq(sscanf(ready, "agents %63s people %63s", agents, people), 2);
    memcpy(cluster->agents_address, agents, sizeof agents);
    memcpy(cluster->people_address, people, sizeof people);
    mem_free(ready);
}

static pid_t start_scheduler(struct cluster *cluster, const char *extra_option)
{
    struct str program = {0};
    char *fleet = tempdir_path(cluster->folder, "fleet.xml");
    char *state = cluster->options.state != NULL ? mem_copy_text(cluster->options.state)
                                                 : tempdir_path(cluster->folder, "state");
    char *keys = tempdir_path(cluster->folder, "keys");
    char *ready = tempdir_path(cluster->folder, "ready");
    const char *any = "tcp://127.0.0.1:*";
    const char *words[WORDS_MOST] = {NULL, "--fleet", fleet, "--state", state, "--ready-file",
        ready, "--agents", cluster->agents_address[0] != '\0' ? cluster->agents_address : any,
        "--people", cluster->people_address[0] != '\0' ? cluster->people_address : any};
    size_t count = 11;
    pid_t pid;

    str_format(&program, "%s/wattyard-scheduler", cluster->build);
    words[0] = str_text(&program);
    if (cluster->options.is_insecure) {
        words[count++] = "--insecure-loopback";
    } else {
        words[count++] = "--keys";
        words[count++] = keys;
    }
    if (extra_option != NULL)
        words[count++] = extra_option;
    (void)unlink(ready);
    pid = start(cluster, (char *const *)(uintptr_t)words, "scheduler.log");
    str_fini(&program);
    mem_free(fleet);
    mem_free(state);
    mem_free(keys);
    mem_free(ready);
    return pid;
}

void cluster_start_scheduler(struct cluster *cluster, const char *extra_option)
{
    double start_s = clock_monotonic_s();
    int status = 0;

    ck_assert_int_eq(cluster->scheduler, 0);
    cluster->scheduler = start_scheduler(cluster, extra_option);
    while (!cluster_wait_file(cluster, "ready", 0.02)) {
        if (has_ended(&cluster->scheduler, &status) || clock_monotonic_s() - start_s > START_S) {
            char *log = cluster_log(cluster);

            ck_abort_msg("the scheduler did not start (%d):\n%s", status, log);
        }
    }
    read_addresses(cluster);
}

int cluster_run_scheduler(struct cluster *cluster, const char *extra_option)
{
    pid_t pid = start_scheduler(cluster, extra_option);
    int status = 0;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void cluster_kill_scheduler(struct cluster *cluster, int signal)
{
    end_process(&cluster->scheduler, signal);
}

bool cluster_scheduler_lives(struct cluster *cluster)
{
    int status = 0;

    return !has_ended(&cluster->scheduler, &status);
}

pid_t cluster_scheduler_pid(const struct cluster *cluster)
{
    return cluster->scheduler;
}

const char *cluster_agents_address(const struct cluster *cluster)
{
    return cluster->agents_address;
}

const char *cluster_people_address(const struct cluster *cluster)
{
    return cluster->people_address;
}

/* --- Agents */

void cluster_set_agent_address(struct cluster *cluster, int host, const char *address)
{
    mem_free(cluster->agents[host].address);
    cluster->agents[host].address = mem_copy_text(address);
}

void cluster_start_agent(struct cluster *cluster, int host)
{
    struct agent *agent = &cluster->agents[host];
    struct str program = {0};
    struct str state = {0};
    struct str keys = {0};
    char seconds[32];
    const char *words[WORDS_MOST] = {NULL, "--host", agent->name, "--scheduler",
        agent->address != NULL ? agent->address : cluster->agents_address, "--address", "127.0.0.1",
        "--state", NULL, "--report-seconds", seconds};
    size_t count = 11;

    ck_assert_int_eq(agent->pid, 0);
    (void)snprintf(seconds, sizeof seconds, "%g",
        cluster->options.report_seconds > 0 ? cluster->options.report_seconds : 0.5);
    str_format(&program, "%s/wattyard-agent", cluster->build);
    str_format(&state, "%s/hosts/%s", cluster->folder, agent->name);
    str_format(&keys, "%s/keys/hand-out/%s", cluster->folder, agent->name);
    words[0] = str_text(&program);
    words[8] = str_text(&state);
    if (cluster->options.topology != NULL) {
        words[count++] = "--topology";
        words[count++] = cluster->options.topology;
    }
    if (cluster->options.prolog != NULL) {
        words[count++] = "--prolog";
        words[count++] = cluster->options.prolog;
    }
    if (cluster->options.is_insecure) {
        words[count++] = "--insecure-loopback";
    } else {
        words[count++] = "--keys";
        words[count++] = str_text(&keys);
    }
    agent->pid = start(cluster, (char *const *)(uintptr_t)words, "agents.log");
    str_fini(&program);
    str_fini(&state);
    str_fini(&keys);
}

void cluster_start_agents(struct cluster *cluster)
{
    char *hosts = tempdir_path(cluster->folder, "hosts");

    (void)mkdir(hosts, 0700);
    mem_free(hosts);
    for (int i = 0; i < cluster->host_count; i++)
        cluster_start_agent(cluster, i);
}

void cluster_kill_agent(struct cluster *cluster, int host, int signal)
{
    end_process(&cluster->agents[host].pid, signal);
}

bool cluster_agent_lives(struct cluster *cluster, int host)
{
    int status = 0;

    return !has_ended(&cluster->agents[host].pid, &status);
}

pid_t cluster_agent_pid(const struct cluster *cluster, int host)
{
    return cluster->agents[host].pid;
}

/* --- The command */

static char *read_all(int fd)
{
    struct str text = {0};
    char buffer[65536];
    ssize_t n;

    while ((n = read(fd, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            str_add_bytes(&text, buffer, (size_t)n);
    return text.text != NULL ? text.text : mem_copy_text("");
}

/* The words of a command with the option that it needs where there are no keys, behind its name. In
 * a process that is about to become it: nobody releases them. */
static const char *const *add_insecure(const char *const *words)
{
    const char **more = mem_zero(WORDS_MOST + 1, sizeof *more);
    size_t count = 0;

    more[count++] = words[0];
    more[count++] = words[1];
    more[count++] = "--insecure-loopback";
    while ((more[count] = words[count - 1]) != NULL)
        count++;
    return more;
}

static void become_command(const struct cluster *cluster, const char *const *words)
{
    struct str program = {0};
    struct str name = {0};
    char *keys;

    str_format(&name, "keys/hand-out/%s", cluster_user());
    keys = tempdir_path(cluster->folder, name.text);
    str_format(&program, "%s/wattyard", cluster->build);
    (void)setenv("WATTYARD_SCHEDULER", cluster->people_address, 1);
    (void)setenv("WATTYARD_KEYS", cluster->options.is_insecure ? "" : keys, 1);
    (void)setenv("WATTYARD_USER", cluster_user(), 1);
    (void)setenv("NO_COLOR", "1", 1);
    if (cluster->options.is_insecure)
        words = add_insecure(words);
    if (chdir(cluster->folder) == 0)
        (void)execv(str_text(&program), (char *const *)(uintptr_t)words);
    _exit(127);
}

static int run_words(struct cluster *cluster, char **out, const char *const *words)
{
    int ends[2];
    int status = 0;
    char *text;
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    ck_assert(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        become_command(cluster, words);
    }
    (void)close(ends[1]);
    text = read_all(ends[0]);
    (void)close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (out != NULL)
        *out = text;
    else
        mem_free(text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void take_words(va_list args, const char **words)
{
    size_t count = 0;

    words[count++] = "wattyard";
    while (count < WORDS_MOST - 1 && (words[count] = va_arg(args, const char *)) != NULL)
        count++;
    words[count] = NULL;
}

pid_t cluster_start_command(struct cluster *cluster, const char *const *words, const char *log)
{
    char *path = tempdir_path(cluster->folder, log);
    pid_t pid = fork();

    ck_assert(pid >= 0);
    if (pid == 0) {
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
            _exit(126);
        become_command(cluster, words);
    }
    mem_free(path);
    return pid;
}

int cluster_run(struct cluster *cluster, char **out, ...)
{
    const char *words[WORDS_MOST];
    va_list args;

    va_start(args, out);
    take_words(args, words);
    va_end(args);
    return run_words(cluster, out, words);
}

void cluster_expect(struct cluster *cluster, int status, ...)
{
    const char *words[WORDS_MOST];
    char *out = NULL;
    va_list args;
    int got;

    va_start(args, status);
    take_words(args, words);
    va_end(args);
    got = run_words(cluster, &out, words);
    ck_assert_msg(got == status, "wattyard %s %s: exit %d, not %d:\n%s", words[1],
        words[2] != NULL ? words[2] : "", got, status, out);
    mem_free(out);
}

bool cluster_wait_for(struct cluster *cluster, double seconds, const char *text, ...)
{
    const char *words[WORDS_MOST];
    double start_s = clock_monotonic_s();
    va_list args;
    bool is_there = false;

    va_start(args, text);
    take_words(args, words);
    va_end(args);
    while (!is_there && clock_monotonic_s() - start_s < seconds) {
        char *out = NULL;

        (void)run_words(cluster, &out, words);
        is_there = strstr(out, text) != NULL;
        mem_free(out);
        if (!is_there)
            cluster_sleep_ms(20);
    }
    return is_there;
}

void cluster_wait_up(struct cluster *cluster, int hosts, double seconds)
{
    double start_s = clock_monotonic_s();
    int up = -1;

    while (up != hosts && clock_monotonic_s() - start_s < seconds) {
        char *out = NULL;

        (void)cluster_run(cluster, &out, "nodes", "--csv", "--state", "up", NULL);
        up = -1;
        for (const char *at = out; *at != '\0'; at++)
            up += *at == '\n';
        mem_free(out);
        if (up != hosts)
            cluster_sleep_ms(20);
    }
    if (up != hosts) {
        char *log = cluster_log(cluster);

        ck_abort_msg("%d of %d hosts are up after %g s:\n%s", up, hosts, seconds, log);
    }
}
