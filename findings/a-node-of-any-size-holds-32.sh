#!/usr/bin/env bash
# Finding: hspace, Ganeti's calculator of capacity, finds room for 32 instances on a simulated node of any size, and says that its disk is
# full, of which 3 % or less is used.
#
# Guess before the run: four empty nodes of 100 cores (four virtual ones each), 1 TiB of memory and 10 TiB of disk hold about 1,600 instances
# of one core, 1 GiB and 10 GiB, for want of cores; nodes of ten times the size hold ten times as many.
#
# Seen on 2026-11-30 with ganeti-htools-3.0 3.0.2-3 of Debian 12: 128 instances, also on nodes of ten and of a hundred times the size. The
# reason is FAILDISK, by the manual too little disk. What is used up are spindles: a node that is described by policy, number, disk,
# memory and cores (the manual asks for five fields and lists six) gets one spindle, and by the default policy 32 instances with a local
# disk share one. The count of FAILSPINDLES stays 0. With two spindles as the sixth field it is 256; with remote disks (`rbd`)
# 1,596, for want of cores. A live cluster's ratio can be raised, a simulated one has no field for it. Who sizes hosts by this tool
# buys them for a limit of one spinning disk that they do not have.
#
# Needs Debian 12 with `apt-get update` done, and the libraries that git brings (curl).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq -o APT::Sandbox::User=root ganeti-htools-3.0=3.0.2-3 libpcre3
for package in ./*.deb; do dpkg-deb --extract "$package" unpacked; done
library=$(dirname "$(find unpacked -name 'libpcre.so.3')")
hspace=unpacked/usr/lib/ganeti/3.0/usr/bin/hspace

# Share of disk used on four nodes of a size, instances, the reason that stopped it, and refusals for want of spindles.
capacity() {
    LD_LIBRARY_PATH=$library "$hspace" --simulate "preferred,4,$2" --disk-template "$1" --standard-alloc 10g,1g,1 --machine-readable |
        sed -n -E 's/^HTS_(ALLOC_INSTANCES|ALLOC_FAIL_REASON|ALLOC_FAILSPINDLES_CNT|FIN_DSK_EFF)=//p' | tr '\n' ' '
}

expect() {
    local seen
    seen=$(capacity "$1" "$2")
    echo "$1 on four nodes of $2: $seen"
    [ "$seen" = "$3 " ] || { echo "the behaviour has changed, expected $3" && exit 1; }
}

expect plain 10t,1t,100 "0.03125000 128 FAILDISK 0"
expect plain 100t,10t,1000 "0.00312500 128 FAILDISK 0"
expect plain 1000t,100t,10000 "0.00031250 128 FAILDISK 0"
expect plain 10t,1t,100,2 "0.06250000 256 FAILDISK 0"
expect rbd 10t,1t,100 "0.00000000 1596 FAILCPU 0"
