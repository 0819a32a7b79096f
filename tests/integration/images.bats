#!/usr/bin/env bats
# The shipped profiles of images: the real programs, started as the official images start theirs, work under their
# profile and nothing is told; whoever has taken one over is refused what an intruder does next.
load lib
load programs

INTRUDER=/usr/lib/libintruder.so

# A sloppy image: only the profile stands between its user and /usr/bin.
setup_file() {
  programs_setup usr/lib/ruby usr/lib/php usr/share/{apache2,doc,man,mysql,rubygems-integration}
  cp "$HF_BUILD/tests/attack/libintruder.so" "$HF_PROGRAMS$INTRUDER"
  mkdir -p "$HF_PROGRAMS/usr/bin"
  chmod 1777 "$HF_PROGRAMS/usr/bin"
  own_directory run 755
  own_directory tmp 1777
}

# own_directory NAME MODE: in the image it is empty, and shows nothing of this machine's.
own_directory() {
  mkdir -p "$HF_PROGRAMS/$1"
  chmod "$2" "$HF_PROGRAMS/$1"
  setfattr -n trusted.overlay.opaque -v y "$HF_PROGRAMS/$1"
}

teardown_file() {
  local id
  for id in nginx redis postgres python node busybox; do
    hf_stop "$id"
  done 2>/dev/null
  programs_teardown
}

# image_file ID PATH <CONTENT: a file of the image of one container, a script when it begins like one.
image_file() {
  local file=$HF_DIR/$1.image$2
  mkdir -p "${file%/*}"
  cat >"$file"
  [[ $(head -c 2 "$file") != "#!" ]] || chmod 755 "$file"
}

# server ID PROGRAM OPTION… -- COMMAND…: starts the container. PROGRAM, as the kernel calls it, waits for an
# intruder's orders: see tests/attack/intruder.c.
server() {
  local id=$1 program=$2 orders
  shift 2
  orders=$(volume "$id-orders")
  chmod 777 "$orders"
  mkdir -p "$HF_DIR/$id.image"
  "$HF_ROOT/contrib/dev/make-bundle" "$HF_DIR/$id" --overlay --image "$HF_DIR/image" \
    --lower "$HF_DIR/$id.image:$HF_PROGRAMS:/" --cgroup "/hf-test/$id" --caps "$CAPABILITIES" \
    --edit '.process.noNewPrivileges = false' --mount "$orders:/orders" \
    --env "LD_PRELOAD=$INTRUDER" --env INTRUDER=/orders --env "INTRUDER_IN=$program" "$@"
  hf_background "$id"
}

image() { echo "io.holdfast.image=docker.io/library/$1"; }

# inside ID COMMAND…: a program of the host in the container's network.
inside() {
  local id=$1
  shift
  nsenter --net="/proc/$(hf_container_pid "$id")/ns/net" "$@" 3>&-
}

fetched() { inside "$1" curl -sf "http://127.0.0.1:$2"; }

# Prints what a program says that is run in the container as health checks are.
checked() {
  local id=$1
  shift
  "$HF_SHIM" exec "$id" "$@" 3>&- </dev/null
}

# assert_answer EXPECTED COMMAND…: within a while.
assert_answer() {
  local expected=$1
  shift
  wait_until answers "$expected" "$@" || {
    tail -n 30 "$HF_DIR"/*/{out,err} >&2
    return 1
  }
}
answers() { [[ $("${@:2}" 2>/dev/null) == "$1" ]]; }

# orders ID <ORDERS: has them carried out from the server's position.
orders() {
  local directory=$HF_DIR/volumes/$1-orders
  rm -f "$directory"/{done,answers}
  cat >"$directory/orders.new"
  mv "$directory/orders.new" "$directory/orders"
  wait_until test -e "$directory/done"
  cat "$directory/answers" >>"$HF_DIR/$1/out"
}

# After a change that every profile refuses, all that happened before was told. The back end `tracepoint` follows no
# symbolic link on an overlay: what is changed in /run by the name /var/run is told there, though it may be changed.
assert_silent_so_far() {
  local but='.object.path != "/sentinel"'
  hf_enforces || but+=' and (.object.path // "" | startswith("/var/run/") | not)'
  wait_until hf_told "$1" /sentinel
  silent "$1" "$but"
}

# intruder ID PORT <ORDERS: what the profile of every server refuses, then some. PORT is the server's own.
intruder() {
  {
    cat <<ORDERS
new-program creat /usr/bin/implant
dropped copy-exec /usr/bin/dash /tmp/implant -c true
library copy /usr/bin/dash /tmp/implant.so -- map-exec /tmp/implant.so
stranger exec /usr/bin/socat - TCP:127.0.0.1:$2
listen listen 4444
raw raw-socket
shell-out exec-on-connection-to 127.0.0.1 $2 /usr/bin/dash
ORDERS
    cat
  } | orders "$1"
}

# assert_intruder_refused ID: all of that, in the kernel, and told.
assert_intruder_refused() {
  local id=$1
  assert_denied "$id" new-program "creat: EROFS" rootfs.create "$(path_is /usr/bin/implant)"
  assert_absent "$HF_DIR/$id/upper/usr/bin/implant"
  assert_denied "$id" dropped "copy-exec: EACCES" drift.exec "$(path_is /tmp/implant)"
  assert_denied "$id" library "copy: ok map-exec: EACCES" drift.library "$(path_is /tmp/implant.so)"
  assert_denied "$id" stranger "exec: EACCES" exec.unexpected "$(path_is /usr/bin/socat)"
  assert_denied "$id" listen "listen: EPERM" network.unexpected '.object.port == 4444'
  assert_denied "$id" raw "raw-socket: EPERM" network.unexpected '.object.operation == "socket"'
}

# assert_shell_killed ID: the entrypoint's own shell, but on a network connection.
assert_shell_killed() {
  assert_result "$1" shell-out "exec-on-connection-to: ECANCELED"
  assert_alert "$1" process.reverse-shell killed "$(path_is /usr/bin/dash)"
}

# assert_shell_refused ID: no shell at all.
assert_shell_refused() {
  assert_result "$1" shell-out "exec-on-connection-to: EACCES"
  assert_denied "$1" shell "exec: EACCES" exec.unexpected "$(path_is /usr/bin/dash)"
}

# finished ID: what was told of it is what profile replay says.
finished() {
  assert_replayed "$1"
  hf_stop "$1"
}

@test "nginx serves, with the entrypoint that changes its configuration, and nothing is told" {
  echo pages >"$(volume pages)/index.html"
  image_file nginx /etc/nginx/conf.d/default.conf <<'CONF'
server { listen 81; root /var/www/html; }
CONF
  image_file nginx /docker-entrypoint.d/10-port.sh <<'SCRIPT'
#!/bin/sh
set -e
config=/etc/nginx/conf.d/default.conf
touch "$config"
grep -q 'listen 81' "$config"
md5sum "$config" | cut -d ' ' -f 1 >/dev/null
sed -i 's/listen 81/listen 80/' "$config"
SCRIPT
  image_file nginx /docker-entrypoint.sh <<'SCRIPT'
#!/bin/sh
set -e
find /docker-entrypoint.d/ -follow -type f -print | sort -V | while read -r script; do "$script"; done
exec "$@"
SCRIPT
  server nginx nginx --annotation "$(image nginx:1.28)" --mount "$(volume pages):/var/www/html" -- \
    /docker-entrypoint.sh nginx -g 'daemon off;'
  assert_answer pages fetched nginx 80
  checked nginx nginx -s reload
  assert_answer pages fetched nginx 80
  orders nginx <<<'sentinel creat /sentinel'
  assert_silent_so_far nginx
}

@test "an intruder in nginx is refused" {
  require enforcing
  intruder nginx 80 <<'ORDERS'
shell exec /usr/bin/bash -c true
config open-append /etc/nginx/nginx.conf
chroot chroot /tmp
ORDERS
  assert_intruder_refused nginx
  assert_shell_killed nginx
  assert_denied nginx shell "exec: EACCES" exec.unexpected "$(path_is /usr/bin/bash)"
  assert_denied nginx config "open-append: EROFS" rootfs.write "$(path_is /etc/nginx/nginx.conf)"
  assert_denied nginx chroot "chroot: EPERM" privilege.capability
  finished nginx
}

@test "redis keeps data, with the entrypoint that drops root, and nothing is told" {
  image_file redis /usr/local/bin/docker-entrypoint.sh <<'SCRIPT'
#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis '{}' +
  exec setpriv --reuid redis --regid redis --clear-groups --bounding-set -all "$0" "$@"
fi
exec "$@"
SCRIPT
  server redis redis-server --annotation "$(image redis:7.4)" --mount "$(volume redis):/data" \
    --edit '.process.cwd = "/data"' -- docker-entrypoint.sh redis-server
  assert_answer PONG checked redis redis-cli ping
  assert_answer OK checked redis redis-cli set key kept
  assert_answer OK checked redis redis-cli save
  assert_answer kept checked redis redis-cli get key
  orders redis <<<'sentinel creat /sentinel'
  assert_silent_so_far redis
}

@test "an intruder in redis is refused" {
  require enforcing
  intruder redis 6379 <<'ORDERS'
shell exec /usr/bin/bash -c true
module copy /usr/bin/dash /data/module.so -- map-exec /data/module.so
master connect 192.0.2.1 21000
ORDERS
  assert_intruder_refused redis
  assert_shell_killed redis
  assert_denied redis shell "exec: EACCES" exec.unexpected "$(path_is /usr/bin/bash)"
  assert_denied redis module "copy: ok map-exec: EACCES" drift.library "$(path_is /data/module.so)"
  assert_denied redis master "connect: EPERM" network.unexpected '.object.address == "192.0.2.1"'
  finished redis
}

@test "postgres makes its data and answers, with the entrypoint that starts it twice, and nothing is told" {
  image_file postgres /usr/local/bin/docker-entrypoint.sh <<'SCRIPT'
#!/usr/bin/env bash
set -e
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  chmod 3775 /var/run/postgresql
  find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
  exec setpriv --reuid postgres --regid postgres --clear-groups "$BASH_SOURCE" "$@"
fi
PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -N --username=postgres --pwfile=<(echo secret) --auth-local=trust --auth-host=scram-sha-256
  pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
  psql -U postgres -c 'create table t as select 42 as a'
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@"
SCRIPT
  server postgres postgres --annotation "$(image postgres:17)" --mount "$(volume postgres):/var/lib/postgresql/data" \
    --env PGDATA=/var/lib/postgresql/data -- docker-entrypoint.sh postgres
  # Asking all the while would take more time than making the data; the first of the two servers has no port.
  HF_PATIENCE=240 wait_until grep -q 'listening on IPv4' "$HF_DIR/postgres/err"
  assert_answer 42 checked postgres psql -qtA -U postgres -c 'select a from t'
  orders postgres <<<'sentinel creat /sentinel'
  assert_silent_so_far postgres
}

@test "an intruder in postgres is refused" {
  require enforcing
  intruder postgres 5432 <<'ORDERS'
extension copy /usr/bin/dash /var/lib/postgresql/data/x.so -- map-exec /var/lib/postgresql/data/x.so
stranger-out connect 192.0.2.1 443
ORDERS
  assert_intruder_refused postgres
  assert_shell_killed postgres
  assert_denied postgres extension "copy: ok map-exec: EACCES" drift.library
  assert_denied postgres stranger-out "connect: EPERM" network.unexpected '.object.address == "192.0.2.1"'
  # What the server itself is told to run: the shell that its entrypoint needs starts, what it is told to does not.
  checked postgres psql -qtA -U postgres -c "copy t from program 'socat -V'" || true
  assert_alert postgres exec.unexpected denied '.process.exe == "/usr/bin/dash" and .object.path == "/usr/bin/socat"'
  finished postgres
}

@test "a web service in python answers, and nothing is told" {
  image_file python /srv/index.html <<<served
  server python python3 --profile python-web -- /usr/bin/python3 -m http.server 8000 --directory /srv
  assert_answer served fetched python 8000
  orders python <<<'sentinel creat /sentinel'
  assert_silent_so_far python
}

@test "an intruder in a python service is refused, and has no shell" {
  require enforcing
  intruder python 8000 <<<'shell exec /bin/sh -c true'
  assert_intruder_refused python
  assert_shell_refused python
  finished python
}

@test "a service in node answers, and nothing is told" {
  image_file node /srv/server.js <<'SCRIPT'
const { execSync } = require("child_process");
require("http").createServer((request, response) => {
  if (request.url !== "/shell") return response.end("served");
  try { execSync("true"); response.end("ran"); } catch (error) { response.end(String(error.code)); }
}).listen(3000);
SCRIPT
  server node node --profile node -- /usr/bin/node /srv/server.js
  assert_answer served fetched node 3000
  orders node <<<'sentinel creat /sentinel'
  assert_silent_so_far node
}

@test "an intruder in a node service is refused, and has no shell" {
  require enforcing
  assert_answer EACCES fetched node 3000/shell
  intruder node 3000 <<<'shell exec /bin/sh -c true'
  assert_intruder_refused node
  assert_shell_refused node
  finished node
}

# What is in the image may do what it likes, so this one's script is the intruder as well.
@test "busybox runs scripts and serves, and nothing is told" {
  local orders
  orders=$(volume busybox-orders)
  echo pages >"$(volume pages)/index.html"
  cat >"$HF_DIR/busybox.sh" <<'SCRIPT'
t() { label=$1; shift; if "$@" >/dev/null 2>&1; then echo "$label ok"; else echo "$label failed"; fi; }
httpd -f -p 8080 -h /www &
echo kept >/tmp/note
t wget wget -q -O - http://127.0.0.1:8080/
until [ -e /orders/go ]; do sleep 1; done
t new-program touch /bin/implant
t account sh -c 'echo x::0:0::/:/bin/sh >>/etc/passwd'
cp /bin/busybox /tmp/true && t dropped /tmp/true
t volume /orders/script
t stranger /usr/bin/attack creat /tmp/x
t listen timeout 5 nc -l -p 4444
touch /orders/done
sleep 600
SCRIPT
  printf '#!/bin/sh\ntrue\n' >"$orders/script"
  chmod 755 "$orders/script"
  mkdir -p "$HF_DIR/busybox.image/usr/bin"
  cp "$HF_BUILD/tests/attack/attack" "$HF_DIR/busybox.image/usr/bin"
  "$HF_ROOT/contrib/dev/make-bundle" "$HF_DIR/busybox" --overlay --image "$HF_IMAGE" --cgroup /hf-test/busybox \
    --lower "$HF_DIR/busybox.image:$HF_IMAGE" --script "$HF_DIR/busybox.sh" --caps "$CAPABILITIES" \
    --annotation "$(image busybox:1.37)" --mount "$(volume pages):/www" --mount "$orders:/orders"
  hf_background busybox
  assert_answer pages fetched busybox 8080
  assert_answer "" checked_busybox touch /sentinel
  assert_silent_so_far busybox
}
checked_busybox() { "$HF_SHIM" exec busybox "$@" 3>&- </dev/null || true; }

@test "an intruder in busybox is refused" {
  require enforcing
  touch "$(volume busybox-orders)/go"
  wait_until test -e "$HF_DIR/volumes/busybox-orders/done"
  assert_result busybox wget ok
  assert_denied busybox new-program failed rootfs.create "$(path_is /bin/implant)"
  assert_denied busybox account failed rootfs.write "$(path_is /etc/passwd)"
  assert_denied busybox dropped failed drift.exec "$(path_is /tmp/true)"
  assert_denied busybox volume failed exec.unexpected "$(path_is /orders/script)"
  assert_denied busybox stranger failed exec.unexpected "$(path_is /usr/bin/attack)"
  assert_denied busybox listen failed network.unexpected '.object.port == 4444'
  finished busybox
}
