#include "tests/support/slurm_peer.h"

#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT_S = 120 };

/* The script prints "NAME VALUE" lines. */
#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct slurm_peer, name)                                                   \
    }
static const struct {
    const char *name;
    size_t offset;
} FIELDS[] = {FIELD(single_rate), FIELD(array_rate), FIELD(sbatch_ms), FIELD(srun_ms),
    FIELD(controller_kb), FIELD(node_kb)};

static void take_line(struct slurm_peer *peer, const char *line)
{
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        size_t length = strlen(FIELDS[i].name);

        if (strncmp(line, FIELDS[i].name, length) == 0 && line[length] == ' ')
            *(double *)(void *)((char *)peer + FIELDS[i].offset) = strtod(line + length, NULL);
    }
}

bool slurm_peer_run(struct slurm_peer *peer, int job_count, int host_count, int chips_per_host)
{
    char command[128];
    char line[128];
    FILE *lines;

    (void)snprintf(command, sizeof command,
        "timeout -k 30 %d tests/bench/slurm_peer.sh build/slurm-%ld %d %d %d", LIMIT_S,
        (long)getpid(), job_count, host_count, chips_per_host);
    lines = popen(command, "re");
    ck_assert_ptr_nonnull(lines);
    while (fgets(line, sizeof line, lines) != NULL)
        take_line(peer, line);
    return pclose(lines) == 0;
}
