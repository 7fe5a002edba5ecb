#!/usr/bin/env bash
# Finding: of 2,000 keys over seven equal caches, hashring for Node.js looks for 62 in another one than uhashring and libmemcached do; over 25
# it is libmemcached that differs from both. All three offer the ring of ketama.
#
# Guess before the run: what is made to be compatible finds each key at the same server, as the ring is MD5 of `host:port-number` and 160 points
# per server where all weigh the same. If they differ, it is by a rare tie of two points.
#
# Seen on 2026-12-01 with hashring 3.2.0 on Node.js, uhashring 2.5 (`hash_fn="ketama"`) and libmemcached 1.1.4 of Debian 12
# (`KETAMA_WEIGHTED`), 1 to 64 servers: the three agree for 54 numbers of servers. For 7, 14, 28, 49 and 56 hashring is alone, with 30 to 62
# keys of 2,000 elsewhere; for 25, 47, 50, 55 and 61 libmemcached is, with 35 to 44. A server's share of the points is its weight by the sum
# of all, times 40, times the number of servers, rounded down: uhashring reckons it in whole numbers, hashring in doubles, libmemcached in
# floats, and so 40 becomes 39.99… and then 39 of the 40 hashes of each server are used. `hashring` calls itself compatible with libketama
# and with `hash_ring`, uhashring offers "a full ketama compatibility". No key is lost within one language. Where two share the caches, one in
# 32 to 67 is kept twice, and what one of them deletes, or writes anew, the other goes on reading as it was. Rings of 6 and of 8 agree, so
# that it comes with the seventh cache and goes with the eighth, and a hit rate measured through one client is not that of the other.
#
# Needs Debian 12 with `apt-get update` done.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet uhashring==2.5
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit hashring@3.2.0
apt-get download -qq -o APT::Sandbox::User=root libmemcached11=1.1.4-1 libhashkit2=1.1.4-1 libsasl2-2=2.1.28+dfsg-10+deb12u1
for package in ./*.deb; do dpkg-deb --extract "$package" unpacked; done
cat >ring.js <<'JAVASCRIPT'
const HashRing = require("hashring");

const answers = {};
for (let number = 1; number <= 64; number += 1) {
  const ring = new HashRing(Array.from({ length: number }, (_, server) => `10.0.1.${server + 1}:11212`));
  answers[number] = [ring.size, Array.from({ length: 2000 }, (_, key) => ring.get(`key${key}`))];
}
console.log(JSON.stringify(answers));
JAVASCRIPT
node ring.js >node.json
"$folder/venv/bin/python" - <<'PYTHON'
import ctypes
import json
import pathlib

import uhashring

KEYS = [f"key{number}" for number in range(2000)]
KETAMA_WEIGHTED = 16  # MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED

[folder] = pathlib.Path("unpacked/usr/lib").glob("*-linux-gnu")
for name in "libsasl2.so.2", "libhashkit.so.2":
    ctypes.CDLL(str(folder / name), mode=ctypes.RTLD_GLOBAL)
library = ctypes.CDLL(str(folder / "libmemcached.so.11"))
library.memcached_create.restype = ctypes.c_void_p
library.memcached_lib_version.restype = ctypes.c_char_p
library.memcached_generate_hash.restype = ctypes.c_uint32


def by_libmemcached(servers):
    """The server of each key; nothing is asked over the network for it."""
    client = ctypes.c_void_p(library.memcached_create(None))
    assert library.memcached_behavior_set(client, KETAMA_WEIGHTED, ctypes.c_uint64(1)) == 0
    for server in servers:
        host, port = server.split(":")
        assert library.memcached_server_add(client, host.encode(), ctypes.c_uint16(int(port))) == 0
    found = [library.memcached_generate_hash(client, key.encode(), ctypes.c_size_t(len(key))) for key in KEYS]
    library.memcached_free(client)
    return [servers[number] for number in found]


def elsewhere(one, other):
    return sum(mine != yours for mine, yours in zip(one, other))


print(f"libmemcached {library.memcached_lib_version().decode()}")
node = {int(number): answer for number, answer in json.load(open("node.json")).items()}
agree, seen = 0, {}
for number, (points, by_node) in node.items():
    servers = [f"10.0.1.{server + 1}:11212" for server in range(number)]
    ring = uhashring.HashRing(servers, hash_fn="ketama")
    by_python, by_c = [ring.get_node(key) for key in KEYS], by_libmemcached(servers)
    differences = elsewhere(by_node, by_python), elsewhere(by_c, by_python), elsewhere(by_node, by_c)
    if not any(differences):
        agree += 1
        continue
    seen[number] = differences
    print(f"{number} servers: Node.js and Python {differences[0]} keys apart, C and Python {differences[1]}, Node.js and C {differences[2]};")
    print(f"    points of the ring: Node.js {points / number:g} a server, Python {len(ring.get_points()) / number:g}")
assert agree == 54, "another number of rings agrees"
alone = {number: differences[0] for number, differences in seen.items() if differences[1] == 0}
assert alone == {7: 62, 14: 41, 28: 30, 49: 38, 56: 40}, "hashring has changed"
alone = {number: differences[1] for number, differences in seen.items() if differences[0] == 0}
assert alone == {25: 38, 47: 35, 50: 38, 55: 40, 61: 44}, "libmemcached has changed"
PYTHON
