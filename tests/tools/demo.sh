#!/usr/bin/env bash
# `make demo`: a plan, then a cluster of 144 hosts on this machine: a scheduler, and one agent for each host of
# topologies/fleets/one-row.xml, which stands in for its tray by a stored topology. What it makes stands in
# BUILD/demo; what it starts it stops, however it ends.
#     tests/tools/demo.sh BUILD
set -eu
build=$1
demo=$build/demo
user=$(id -un)
pids=()

say() { printf '\n# %s\n' "$*"; }
type_it() { # as a user would, and show what comes
    printf '$ wattyard %s\n' "$*"
    wattyard "$@"
}
wattyard() { "$build/wattyard" "$@"; }

# Repeats a command until it prints the text, for at most a minute.
wait_for() {
    local text=$1 end=$((SECONDS + 60))
    shift
    until grep -q -- "$text" <<<"$("$@" 2>&1)"; do
        [ $SECONDS -lt $end ] || { echo "demo: no \"$text\" from: $*" >&2; return 1; }
        sleep 0.1
    done
}
count_waiting() { echo "waiting $(wattyard queue --csv --state waiting | tail -n +2 | wc -l)"; }
count_running() { echo "running $(wattyard queue --csv --state running --state starting --state stopping | tail -n +2 | wc -l)"; }
job_of() { wattyard queue --all --csv --format job --name "$1" | tr -d '\r' | sed -n 2p; }
count_up() { echo "up $(wattyard nodes --csv --state up | tail -n +2 | wc -l)"; }

# Shims and tasks outlive their agents, so the jobs end first; what then is left goes by its mark.
stop_all() {
    local status=$? left
    trap - EXIT
    trap '' INT TERM
    if [ ${#pids[@]} -gt 0 ]; then
        left=$(wattyard queue --csv --format job | tr -d '\r' | tail -n +2)
        [ -z "$left" ] || wattyard cancel $left >/dev/null 2>&1 || true
        wait_for 'running 0' count_running || true
        kill "${pids[@]}" 2>/dev/null || true
        wait "${pids[@]}" 2>/dev/null || true
    fi
    [ $status -eq 0 ] && rm -rf "$demo" && say 'All is stopped.' || echo "demo: logs are in $demo" >&2
    exit $status
}
trap stop_all EXIT
trap 'exit 130' INT TERM

say 'Plan: two gigawatts of Trainium beside GB300, what to acquire, where and when.'
type_it plan workloads/scenarios/aws-trainium-2gw.xml

say 'Run: one row of a hall, two Trn3 UltraServers and four NVL72 racks. Keys first: nobody connects without one.'
rm -rf "$demo"
mkdir -p "$demo"
# As root (in a container, say) tasks would run as root, which a fleet must allow.
sed -e "s|href=\"../catalog.xml\"|href=\"$PWD/topologies/catalog.xml\"|" \
    -e 's|name="one-row"|name="one-row" allow-root="yes"|' topologies/fleets/one-row.xml >"$demo/fleet.xml"
type_it keys init "$demo/keys"
type_it keys host "$demo/keys" --fleet "$demo/fleet.xml" | sed '3,$d'
type_it keys user "$demo/keys" "$user" --roles view,submit,operate

say 'A scheduler, and 144 agents, one for each host.'
# In sessions of their own: what interrupts this must leave them to stop_all.
setsid "$build/wattyard-scheduler" --fleet "$demo/fleet.xml" --state "$demo/scheduler" --keys "$demo/keys" \
    --agents 'tcp://127.0.0.1:*' --people 'tcp://127.0.0.1:*' --ready-file "$demo/ready" 2>"$demo/scheduler.log" &
pids+=($!)
wait_for people cat "$demo/ready"
agents=$(awk '$1 == "agents" {print $2}' "$demo/ready") people=$(awk '$1 == "people" {print $2}' "$demo/ready")
export WATTYARD_SCHEDULER=$people WATTYARD_KEYS=$demo/keys/hand-out/$user
for host in yard-h1-a-trn{1,2}-t{01..36} yard-h1-b-gb{1..4}-t{01..18}; do
    case $host in *-trn*) system=trn3-gen2 ;; *) system=gb300-nvl72 ;; esac
    mkdir -p "$demo/hosts/$host"
    setsid "$build/wattyard-agent" --host "$host" --scheduler "$agents" --address 127.0.0.1 --state "$demo/hosts/$host" \
        --keys "$demo/keys/hand-out/$host" --topology "topologies/hosts/$system.xml" 2>"$demo/hosts/$host.log" &
    pids+=($!)
done
wait_for 'up 144' count_up
type_it nodes yard-h1-a-trn1-t01 yard-h1-b-gb1-t01

say 'Jobs: a service of replicas, a large training run, an array, a chain, and one that needs all four racks whole.'
type_it submit workloads/jobs/demo/{serve,pretrain,sweep,chain,moe}.xml
say 'A gang of 16 in one rack, followed to its end with what rank 0 prints.'
type_it submit --follow workloads/jobs/demo/finetune.xml
type_it queue
type_it explain "$(job_of moe)"

say 'The chain has ended: tokenise, then train; the alarm was not needed.'
wait_for cancelled wattyard queue --all --name alarm
type_it queue --all --name alarm
type_it job "$(job_of train)"

say 'Power: the hall may draw 1,000 kW. Now it may draw 450.'
type_it power
type_it power set yard/h1 450
wait_for 'waiting 2' count_waiting
type_it queue
type_it power
type_it job "$(job_of pretrain)"
type_it power clear yard/h1

say 'What it took.'
type_it usage --by system
