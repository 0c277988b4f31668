# A folder for one measurement and, in it, a PostgreSQL cluster of its own; sourced by the scripts beside it. Folder, cluster and the
# processes in `server` and `pids` are gone when the script ends.
# shellcheck shell=bash

bin="$(find /usr/lib/postgresql -path '*/bin/initdb' -printf '%h\n' | sort -V | tail -n 1)"
work="$(mktemp -d)"
chmod 755 "$work" # the postgres user passes through
server=""
pids=()
# The cluster as a URL, but for the name of the database.
cluster="postgres://motcua@${work//\//%2F}%2Fdata"

# initdb and the server refuse to run as root.
as_postgres() { if [[ $EUID -eq 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi; }

clean_up() {
    local pid
    for pid in $server "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    if [[ -f "$work/data/postmaster.pid" ]]; then as_postgres "$bin/pg_ctl" stop -D "$work/data" -m immediate -s || true; fi
    rm -rf "$work"
}
trap clean_up EXIT

# Starts the cluster with these settings; its superuser is motcua, and it listens on a socket in $work/data alone.
start_cluster() { # SETTINGS, as `postgres` takes them
    mkdir "$work/data"
    if [[ $EUID -eq 0 ]]; then chown postgres "$work/data"; fi
    (cd "$work" && as_postgres "$bin/initdb" -D "$work/data" -U motcua -A trust -E UTF8 --locale=C.UTF-8 >/dev/null)
    as_postgres "$bin/pg_ctl" start -w -s -D "$work/data" -l "$work/data/log" -o "-c listen_addresses='' -k $work/data $*"
}
