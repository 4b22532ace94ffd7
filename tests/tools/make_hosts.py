#!/usr/bin/env python3
"""Writes topologies/hosts/*.xml: one tray of each system of the catalog, as hwloc 2 would export it.

Chips and cores are the catalog's. How chips stand to processors is not public for all of them: they are
spread evenly over the packages, in order. hwloc's own XML reader knows no comments, so what is assumed
stands in an <info> of the machine.
"""
import os
import sys
from collections import namedtuple

GIB = 1024 ** 3
Host = namedtuple("Host", "system processor packages cores threads memory_gib pci chips name note")
NEURON = "0880 [1d0f:%s] [1d0f:0000] 00"
GPU = "0302 [10de:%s] [10de:0000] a1"
HOSTS = [
    Host("trn2-ultraserver", "Intel Xeon (Sapphire Rapids)", 2, 48, 2, 2048, NEURON % "7364", 16, "Trainium2",
         "192 vCPU and 2 TiB are AWS's figures; two packages are assumed"),
    Host("trn3-gen1", "Intel Xeon", 2, 48, 2, 2048, NEURON % "7564", 16, "Trainium3",
         "192 vCPU and 2 TiB are AWS's figures; two packages are assumed"),
    Host("trn3-gen2", "AWS Graviton", 1, 64, 1, 768, NEURON % "7565", 4, "Trainium3",
         "64 vCPU and 768 GiB are AWS's figures; one package without hyperthreads is assumed"),
    Host("trn4", "AWS Graviton", 1, 64, 1, 768, "1200 [1d0f:0000] [1d0f:0000] 00", 4, "Trainium4 (estimate)",
         "nothing is announced: as Trn3 Gen2; the PCI device is made up"),
    Host("gb200-nvl72", "NVIDIA Grace", 2, 72, 1, 960, GPU % "2941", 4, "NVIDIA GB200",
         "two GB200 superchips: a Grace and two GPUs each"),
    Host("gb300-nvl72", "NVIDIA Grace", 2, 72, 1, 960, GPU % "31c2", 4, "NVIDIA GB300",
         "two GB300 superchips: a Grace and two GPUs each"),
    Host("vr-nvl72", "NVIDIA Vera", 2, 88, 2, 3072, GPU % "0000", 4, "NVIDIA Vera Rubin",
         "two superchips: a Vera and two GPU packages each; memory and PCI device are assumed"),
    Host("tpu-v7", "Intel Xeon", 2, 56, 2, 894, "1200 [1ae0:0000] [1ae0:0000] 00", 4, "Google TPU v7",
         "224 vCPU and 960 GB are Google's figures; two packages and the PCI device are assumed"),
]


def bits(numbers):
    """hwloc's bitmaps: 32 bits a group, the highest first."""
    mask = sum(1 << n for n in numbers)
    groups = []
    while mask or not groups:
        groups.append("0x%08x" % (mask & 0xffffffff))
        mask >>= 32
    return ",".join(reversed(groups))


class Writer:
    def __init__(self, out):
        self.out, self.number, self.depth = out, 0, 1

    def open(self, kind, attributes, closed=False):
        self.number += 1
        self.out.append('%s<object type="%s" %s gp_index="%d"%s>' % (
            " " * self.depth, kind, attributes, self.number, "/" if closed else ""))
        self.depth += not closed

    def close(self):
        self.depth -= 1
        self.out.append(" " * self.depth + "</object>")

    def info(self, name, value):
        self.out.append('%s<info name="%s" value="%s"/>' % (" " * self.depth, name, value))


def sets(threads, node):
    return 'cpuset="{0}" complete_cpuset="{0}" nodeset="{1}" complete_nodeset="{1}"'.format(bits(threads), bits(node))


def write_chips(w, host, package):
    each = host.chips // host.packages
    bus = 0x10 if package == 0 else 0x90
    w.open("Bridge", 'bridge_type="0-1" depth="0" bridge_pci="%04x:[%02x-%02x]"' % (0, bus, bus + each))
    for i in range(each):
        w.open("PCIDev", 'pci_busid="%04x:%02x:00.0" pci_type="%s" pci_link_speed="0.000000"' % (0, bus + i, host.pci))
        w.info("PCIDevice", host.name)
        w.close()
    w.close()


def write_package(w, host, package):
    """Thread t of core c is number t * cores + c, as Linux counts where there are hyperthreads."""
    all_cores = host.packages * host.cores
    cores = range(package * host.cores, (package + 1) * host.cores)
    threads = lambda c: [t * all_cores + c for t in range(host.threads)]
    here = [t for c in cores for t in threads(c)]
    w.open("Package", 'os_index="%d" %s' % (package, sets(here, [package])))
    w.info("CPUModel", host.processor)
    w.open("NUMANode", 'os_index="%d" %s local_memory="%d"' % (
        package, sets(here, [package]), host.memory_gib * GIB // host.packages), closed=True)
    for c in cores:
        w.open("Core", 'os_index="%d" %s' % (c, sets(threads(c), [package])))
        for t in threads(c):
            w.open("PU", 'os_index="%d" %s' % (t, sets([t], [package])), closed=True)
        w.close()
    write_chips(w, host, package)
    w.close()


def write_host(host):
    out = ['<?xml version="1.0" encoding="UTF-8"?>', '<!DOCTYPE topology SYSTEM "hwloc2.dtd">', '<topology version="2.0">']
    w = Writer(out)
    everything, nodes = range(host.packages * host.cores * host.threads), range(host.packages)
    w.open("Machine", 'os_index="0" %s allowed_cpuset="%s" allowed_nodeset="%s"' % (
        sets(everything, nodes), bits(everything), bits(nodes)))
    w.info("Backend", "Wattyard")
    w.info("Note", host.note)
    for package in nodes:
        write_package(w, host, package)
    w.close()
    out.append("</topology>")
    return "\n".join(out) + "\n"


folder = sys.argv[1] if len(sys.argv) > 1 else "topologies/hosts"
for host in HOSTS:
    with open(os.path.join(folder, host.system + ".xml"), "w", encoding="utf-8") as f:
        f.write(write_host(host))
