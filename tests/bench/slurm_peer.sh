#!/usr/bin/env bash
# A real Slurm on loopback, for the cluster's bench to stand beside: slurmctld and NODES slurmd of
# CPUS each, tuned as its guide for high throughput says, with a munge of its own. Prints one
# figure a line, "NAME VALUE", and stops all that it started; exit 3: its packages are not here.
#   slurm_peer.sh DIR [JOBS [NODES [CPUS [SINGLES]]]]
set -eu

dir=$(mkdir -p "$1" && cd "$1" && pwd)
jobs=${2:-500}
nodes=${3:-32}
cpus=${4:-4}
singles=${5:-15}
runs=3
user=$(id -un)
ctld_port=${SLURM_BENCH_PORT:-16817}
slurmd_port=$((ctld_port + 200))
export SLURM_CONF=$dir/slurm.conf

PATH=$PATH:/usr/sbin:/sbin
for program in slurmctld slurmd munged sbatch srun squeue sinfo scancel munge unmunge; do
    command -v $program >/dev/null || {
        echo "$program is missing: apt-get install slurmctld slurmd slurm-client munge" >&2
        exit 3
    }
done

# --- Only what stands in a pid file of ours, under the name that we started.
signal() { # PIDFILE NAME SIGNAL
    local pid
    pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] &&
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] && kill -"$3" "$pid" 2>/dev/null
}
end() { # PIDFILE NAME
    for _ in $(seq 100); do
        signal "$1" "$2" 0 || return 0
        sleep 0.1
    done
    signal "$1" "$2" KILL || true
}
stop() {
    trap - EXIT
    timeout 20 scancel -u "$user" 2>/dev/null || true
    for _ in $(seq 50); do # steps outlive the daemons otherwise
        [ -n "$(timeout 5 squeue -h -t R,CG 2>/dev/null)" ] || break
        sleep 0.2
    done
    signal "$dir/slurmctld.pid" slurmctld TERM || true
    for file in "$dir"/slurmd.*.pid; do signal "$file" slurmd TERM || true; done
    end "$dir/slurmctld.pid" slurmctld
    for file in "$dir"/slurmd.*.pid; do end "$file" slurmd; done
    signal "$dir/munged.pid" munged TERM || true
    end "$dir/munged.pid" munged
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

# --- Start
umask 022
mkdir -p "$dir/state" "$dir/spool" "$dir/munge"
chmod 755 "$dir"
chmod 700 "$dir/munge"
(umask 077 && head -c 128 /dev/urandom >"$dir/munge/key")
munged --key-file="$dir/munge/key" --socket="$dir/munge.sock" --pid-file="$dir/munged.pid" \
    --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" --num-threads=4 --force 2>/dev/null
munge -S "$dir/munge.sock" -n | unmunge -S "$dir/munge.sock" >/dev/null

cat >"$SLURM_CONF" <<CONF
ClusterName=bench
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$ctld_port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$dir/munge.sock
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=1
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
MaxJobCount=20000
MaxArraySize=20001
NodeName=n[1-$nodes] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[$slurmd_port-$((slurmd_port + nodes - 1))] CPUs=$cpus RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE State=UP
CONF
# Without it slurmd looks for control groups that nothing here uses, and may not find them.
echo 'CgroupPlugin=cgroup/v1' >"$dir/cgroup.conf"
slurmctld -f "$SLURM_CONF"
for i in $(seq "$nodes"); do
    mkdir -p "$dir/spool/n$i"
    slurmd -f "$SLURM_CONF" -N "n$i"
done
up=0
for _ in $(seq 200); do
    up=$(sinfo -h -N -t idle -o %N 2>/dev/null | sort -u | wc -l)
    [ "$up" -ge "$nodes" ] && break
    sleep 0.1
done
[ "$up" -ge "$nodes" ] || {
    echo "only $up of $nodes slurmd are up" >&2
    exit 1
}

# --- Measure
printf '#!/bin/sh\nexec /bin/true\n' >"$dir/true.sh"
printf '#!/bin/sh\ndate +%%s%%N >"$1"\n' >"$dir/clock.sh"
chmod +x "$dir/true.sh" "$dir/clock.sh"
now() { date +%s%N; }
median() { sort -g | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
wait_done() {
    while [ -n "$(squeue -h -o %i | head -1)" ]; do sleep 0.05; done
}
rate() { # COMMAND…: submits $jobs jobs
    local start
    start=$(now)
    "$@"
    wait_done
    echo "$start $(now) $jobs" | awk '{printf "%.1f\n", $3 / (($2 - $1) / 1e9)}'
}
submit_some() {
    for _ in $(seq "$1"); do sbatch -Q -o /dev/null "$dir/true.sh" >/dev/null; done
}
four_clients() {
    local pids=()
    for _ in 1 2 3 4; do
        submit_some $((jobs / 4)) &
        pids+=($!)
    done
    wait "${pids[@]}"
}
one_array() { sbatch -Q -o /dev/null -a "1-$jobs" "$dir/true.sh" >/dev/null; }
latency() { # COMMAND…: it runs clock.sh FILE
    local start
    for _ in $(seq "$singles"); do
        rm -f "$dir/clock"
        start=$(now)
        "$@" "$dir/clock.sh" "$dir/clock" >/dev/null
        while [ ! -s "$dir/clock" ]; do sleep 0.005; done
        echo "$start $(cat "$dir/clock")" | awk '{printf "%.2f\n", ($2 - $1) / 1e6}'
        wait_done
    done
}
echo "version $(slurmctld -V | awk '{print $2}')"
echo "single_rate $(for _ in $(seq $runs); do rate four_clients; done | median)"
echo "array_rate $(for _ in $(seq $runs); do rate one_array; done | median)"
echo "sbatch_ms $(latency sbatch -Q -o /dev/null | median)"
echo "srun_ms $(latency srun -Q | median)"
pid=$(cat "$dir/slurmctld.pid")
echo "controller_kb $(awk '/VmRSS/ {print $2}' "/proc/$pid/status")"
pid=$(cat "$dir/slurmd.n1.pid")
echo "node_kb $(awk '/VmRSS/ {print $2}' "/proc/$pid/status")"
