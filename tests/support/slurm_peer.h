/*
 * slurm_peer: the same measurements of a real Slurm, where its packages are installed, for benches:
 * tests/bench/slurm_peer.sh starts it, tuned, with as many slurmd as our agents.
 */
#ifndef TESTS_SUPPORT_SLURM_PEER_H
#define TESTS_SUPPORT_SLURM_PEER_H

#include <stdbool.h>

struct slurm_peer {
    double single_rate, array_rate; /* jobs a second */
    double sbatch_ms, srun_ms;      /* from submit to the program's first act, medians */
    double controller_kb, node_kb;  /* resident: slurmctld, a slurmd */
};

/* Jobs of a run, nodes, chips of each. Stands in build/ and is gone at the end, within about two
 * minutes. False: it can't be had here. */
bool slurm_peer_run(struct slurm_peer *peer, int job_count, int host_count, int chips_per_host);

#endif
