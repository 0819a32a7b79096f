#!/usr/bin/env bats
# Ordinary programs of Debian under the profile `default`: servers, databases, language runtimes, tools. They work,
# nothing that they do is refused, and nobody is called for them more than once. Those that keep their data on volumes are
# not told at all.
load lib
load programs

setup_file() { programs_setup; }
teardown_file() { programs_teardown; }

# program ID EXPECTED [OPTION OF make-bundle]… <SCRIPT: the script's last line of output must be EXPECTED.
program() {
  local id=$1 expected=$2 found
  shift 2
  {
    echo 'export PATH=/usr/sbin:/usr/bin:/sbin:/bin'
    cat
  } >"$HF_DIR/$id.sh"
  "$HF_ROOT/contrib/dev/make-bundle" "$HF_DIR/$id" --overlay --image "$HF_DIR/image" --lower "$HF_DIR/programs:/" \
    --cgroup "/hf-test/$id" --profile default --caps "$CAPABILITIES" --script "$HF_DIR/$id.sh" \
    --edit '.process.noNewPrivileges = false' --edit '.process.args[0] = "bash"' "$@"
  hf_run "$id"
  umount "$HF_DIR/$id/rootfs"
  found=$(tail -n 1 "$HF_DIR/$id/out")
  [[ $found == "$expected" ]] || {
    echo "$id: expected '$expected', got '$found'" >&2
    tail -n 20 "$HF_DIR/$id/out" "$HF_DIR/$id/err" >&2
    return 1
  }
  assert_nothing_refused "$id"
  assert_told_once_at_most "$id"
}

# Refusals are told before the container's end is.
assert_nothing_refused() {
  wait_until hf_gone "$1"
  refute grep -E '"(denied|killed)"' <(alerts_of "$1")
}

# Somebody is called for what is a warning or worse, and is told what to do about it.
assert_told_once_at_most() {
  local calls
  calls=$(alerts_of "$1" '.severity | IN("emergency", "alert", "critical", "error", "warning")')
  (($(wc -l <<<"$calls") <= 1)) || {
    echo "$1 was told more than once:" >&2
    echo "$calls" >&2
    return 1
  }
  jq -s -e --arg id "$1" 'map(select(.container.id == $id and .kind == "alert" and (.class | test("^(rootfs|drift)"))).message)
    | all(contains("If it is ordinary, "))' "$HF_ALERTS"
}

# called ID: somebody is.
called() { (($(alerts_of "$1" '.severity == "error"' | wc -l) == 1)); }

@test "nginx" {
  echo pages >"$(volume pages)/index.html"
  program nginx pages --mount "$(volume pages):/var/www/html" <<'SCRIPT'
mkdir -p /var/lib/nginx /var/log/nginx
cat >/tmp/nginx.conf <<X
user www-data;
pid /run/nginx.pid;
events {}
http { include /etc/nginx/mime.types; server { listen 80; root /var/www/html; } }
X
nginx -c /tmp/nginx.conf && curl -s --retry 5 --retry-connrefused http://127.0.0.1/index.html
nginx -c /tmp/nginx.conf -s quit 2>/tmp/nginx.log
SCRIPT
}

@test "apache2" {
  program apache2 pages <<'SCRIPT'
mkdir -p /run/apache2
echo pages >/tmp/index.html
cat >/tmp/apache2.conf <<X
ServerName x
Listen 8080
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
DocumentRoot /tmp
PidFile /run/apache2.pid
User www-data
Group www-data
ErrorLog /tmp/error.log
X
apache2 -f /tmp/apache2.conf -k start
curl -s --retry 5 --retry-connrefused http://127.0.0.1:8080/index.html
apache2 -f /tmp/apache2.conf -k stop
SCRIPT
  silent apache2
}

@test "lighttpd" {
  program lighttpd pages <<'SCRIPT'
echo pages >/tmp/index.html
printf 'server.document-root="/tmp"\nserver.port=8004\nserver.username="www-data"\n' >/tmp/lighttpd.conf
lighttpd -f /tmp/lighttpd.conf
curl -s --retry 5 --retry-connrefused http://127.0.0.1:8004/index.html
SCRIPT
  silent lighttpd
}

@test "haproxy" {
  program haproxy 200 <<'SCRIPT'
cat >/tmp/haproxy.cfg <<X
global
 daemon
 user nobody
 chroot /tmp
defaults
 mode http
 timeout client 9s
 timeout connect 9s
 timeout server 9s
frontend f
 bind 127.0.0.1:8005
 http-request return status 200
X
haproxy -f /tmp/haproxy.cfg
curl -s --retry 5 --retry-connrefused -o /dev/null -w '%{http_code}\n' http://127.0.0.1:8005/
SCRIPT
  silent haproxy
}

# keep_in_redis ID [OPTION OF make-bundle]…
keep_in_redis() {
  program "$1" kept "${@:2}" <<'SCRIPT'
mkdir -p /var/lib/redis && cd /var/lib/redis
redis-server --daemonize yes --dir /var/lib/redis >/dev/null
until redis-cli ping >/dev/null 2>&1; do sleep 0.2; done
redis-cli set key kept >/dev/null
redis-cli save >/dev/null
redis-cli get key
redis-cli shutdown nosave
SCRIPT
}

@test "redis, its data on a volume" {
  keep_in_redis redis --mount "$(volume redis):/var/lib/redis"
  silent redis
}

@test "redis, its data in the image" { keep_in_redis redis-inside; }

@test "memcached" {
  program memcached END <<'SCRIPT'
memcached -d -u nobody -l 127.0.0.1 -P /tmp/memcached.pid
sleep 1
printf 'set a 0 0 1\r\n1\r\nget a\r\nquit\r\n' | nc.openbsd -q 2 127.0.0.1 11211 | tr -d '\r' | tail -n 1
SCRIPT
  silent memcached
}

# keep_in_postgres ID [OPTION OF make-bundle]…
keep_in_postgres() {
  program "$1" 1 "${@:2}" <<'SCRIPT'
bin=$(echo /usr/lib/postgresql/*/bin)
mkdir -p /run/postgresql /var/lib/postgresql
chown nobody /var/lib/postgresql /run/postgresql
run() { setpriv --reuid nobody --clear-groups "$@"; }
run $bin/initdb -N -D /var/lib/postgresql/data >/dev/null
run $bin/pg_ctl -w -D /var/lib/postgresql/data -l /tmp/postgres.log start >/dev/null
run $bin/psql -qtA -h /run/postgresql -c 'create table t(a int); insert into t values (1); select a from t' postgres
run $bin/pg_ctl -D /var/lib/postgresql/data -m fast stop >/dev/null
SCRIPT
}

@test "postgres, its data on a volume" {
  keep_in_postgres postgres --mount "$(volume postgres):/var/lib/postgresql"
}

@test "postgres, its data in the image" { keep_in_postgres postgres-inside; }

@test "sshd and ssh" {
  program sshd "logged in" --mount "$(volume ssh):/etc/ssh" --mount "$(volume root):/root/.ssh" <<'SCRIPT'
mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/host
ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id
cp /root/.ssh/id.pub /root/.ssh/authorized_keys
/usr/sbin/sshd -f /dev/null -h /etc/ssh/host -p 2222 -o ListenAddress=127.0.0.1 -o StrictModes=no 2>/tmp/sshd.log
sleep 1
ssh -i /root/.ssh/id -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1 \
  'echo logged in' 2>/tmp/ssh.log || cat /tmp/ssh*.log
SCRIPT
}

@test "dnsmasq" {
  program dnsmasq 127.0.0.9 <<'SCRIPT'
dnsmasq --user=nobody --port=5353 --listen-address=127.0.0.1 --address=/x.test/127.0.0.9 --no-resolv --pid-file=/tmp/pid
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Proto => "udp", PeerAddr => "127.0.0.1:5353");
  $s->send(pack("H*", "abcd01000001000000000000") . "\x01x\x04test\0\0\1\0\1"); $s->recv($r, 500);
  print join(".", unpack("C4", substr($r, -4))), "\n"'
SCRIPT
  silent dnsmasq
}

@test "rsyslog and logger" {
  program rsyslog hello <<'SCRIPT'
printf 'module(load="imuxsock")\n*.* /var/log/syslog\n' >/tmp/rsyslog.conf
rsyslogd -f /tmp/rsyslog.conf -i /tmp/rsyslog.pid
until [ -S /dev/log ]; do sleep 0.2; done
logger -u /dev/log hello
until grep -q hello /var/log/syslog 2>/dev/null; do sleep 0.2; done
grep -o hello /var/log/syslog
SCRIPT
  silent rsyslog
}

@test "cron" {
  program cron running <<'SCRIPT'
cron && sleep 1 && kill -0 "$(cat /run/crond.pid)" && echo running
SCRIPT
  silent cron
}

@test "python" {
  program python child <<'SCRIPT'
python=/usr/bin/python3
$python -m http.server 8000 --bind 127.0.0.1 --directory /etc >/dev/null 2>&1 &
curl -s --retry 5 --retry-connrefused http://127.0.0.1:8000/passwd >/dev/null
$python -c 'import ctypes, multiprocessing, ssl, subprocess
ctypes.CDLL(None).getpid()
subprocess.check_output(["id"])
p = multiprocessing.Process(target=print, args=("child",)); p.start(); p.join()'
kill %1
SCRIPT
  silent python
}

@test "node" {
  program node answered <<'SCRIPT'
/usr/bin/node -e 'const http = require("http");
require("child_process").execSync("true");
const server = http.createServer((q, r) => r.end("answered")).listen(8001, () =>
  http.get("http://127.0.0.1:8001/", r => { r.on("data", d => console.log(String(d))); r.on("end", () => server.close()); }));'
SCRIPT
  silent node
}

@test "perl" {
  program perl root <<'SCRIPT'
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalPort => 9001) or die;
  open(F, ">/tmp/x") or die; print F 1; close F; print `id -un`'
SCRIPT
  silent perl
}

@test "ruby" {
  program ruby root <<'SCRIPT'
ruby3.1 -rsocket -e 'TCPServer.new(9002); File.write("/tmp/x", "x"); puts %x(id -un)'
SCRIPT
  silent ruby
}

@test "php" {
  program php root <<'SCRIPT'
php8.2 -r 'file_put_contents("/tmp/x", "x"); echo shell_exec("id -un");'
SCRIPT
  silent php
}

@test "sqlite" {
  program sqlite 1 <<'SCRIPT'
rm -f /tmp/x.db; sqlite3 /tmp/x.db 'create table t(a); insert into t values (1); select a from t'
SCRIPT
  silent sqlite
}

@test "git" {
  program git f <<'SCRIPT'
cd "$(mktemp -d)" && git init -q r && cd r && git config user.email a@b && git config user.name a
echo 1 >f && git add f && git commit -qm m && git gc -q && git clone -q . ../c && ls ../c
SCRIPT
  silent git
}

@test "busybox" {
  program busybox ash <<'SCRIPT'
busybox tar cf /tmp/x.tar /etc/passwd 2>/dev/null
busybox awk 'BEGIN { print 1 }' >/dev/null
busybox ash -c 'echo ash'
SCRIPT
  silent busybox
}

@test "tar, gzip and curl" {
  program tools etc <<'SCRIPT'
tar czf /tmp/x.tgz /etc/passwd 2>/dev/null
dir=$(mktemp -d) && tar xzf /tmp/x.tgz -C "$dir" && curl -s file:///etc/hostname >/dev/null && ls "$dir"
SCRIPT
  silent tools
}

@test "socat starts a program for each connection" {
  program socat hello <<'SCRIPT'
socat TCP-LISTEN:9100,fork,reuseaddr,bind=127.0.0.1 EXEC:/bin/cat &
sleep 1
echo hello | socat -t 2 - TCP:127.0.0.1:9100
kill %1
SCRIPT
}

@test "bash" {
  program bash bye <<'SCRIPT'
for i in 1 2 3; do (echo $i | cat >/dev/null); done
diff <(ls /) <(ls /) && mktemp -d >/dev/null
trap 'echo bye' EXIT
SCRIPT
  silent bash
}

@test "gcc: running what was built is told once" {
  program gcc ran <<'SCRIPT'
cd "$(mktemp -d)" && echo 'int main(void) { return 0; }' >a.c && gcc a.c -o a && ./a && echo ran
SCRIPT
  (($(alerts_of gcc | wc -l) <= 1))
}

@test "dpkg installs a package with scripts of its own: told once" {
  program dpkg "Setting up pp (1) ..." <<'SCRIPT'
cd "$(mktemp -d)" && mkdir -p p/DEBIAN p/usr/bin && echo x >p/usr/bin/pp
printf 'Package: pp\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: d\n' >p/DEBIAN/control
printf '#!/bin/sh\nldconfig\ntouch /etc/pp.conf\n' >p/DEBIAN/postinst && chmod +x p/DEBIAN/postinst
dpkg-deb -b p pp.deb >/dev/null && dpkg -i pp.deb 2>/dev/null | tail -n 1
SCRIPT
  called dpkg
}

@test "apt-get installs a package: told once" {
  program apt "Setting up pq (1) ..." <<'SCRIPT'
mkdir -p /tmp/repository && cd /tmp/repository && mkdir -p q/DEBIAN q/usr/bin && echo x >q/usr/bin/pq
printf 'Package: pq\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: d\n' >q/DEBIAN/control
dpkg-deb -b q pq.deb >/dev/null
{
  cat q/DEBIAN/control
  printf 'Filename: ./pq.deb\nSize: %s\nSHA256: %s\n' "$(stat -c %s pq.deb)" "$(sha256sum pq.deb | cut -d" " -f1)"
} >Packages
echo 'deb [trusted=yes] file:/tmp/repository ./' >/tmp/sources.list
get() {
  apt-get -qq -o Dir::Etc::sourcelist=/tmp/sources.list -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User=root \
    -o Dpkg::Use-Pty=0 "$@" 2>/tmp/apt.log
}
get update >/dev/null && get install -y pq | tail -n 1
SCRIPT
  called apt
}

@test "useradd: told once" {
  program useradd added <<'SCRIPT'
useradd -r somebody && id -u somebody >/dev/null && echo added
SCRIPT
  called useradd
}
