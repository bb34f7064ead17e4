#!/usr/bin/env bash
# Installs what the tests talk to: Debian's baresip and Chromium, and Asterisk 22, sipp and baresip 1.1 in folders.
#
# They come from Debian sid, because Debian's stable releases carry no Asterisk. They are not installed
# but unpacked, with their own C library and loader beside them: that needs no root and no chroot, and
# changes nothing on the machine. Run it as often as you like; what is there is left alone.
set -euo pipefail

PEERS="${RUNG_PEERS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/rung-peers}"
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

say() { echo "peers: $*"; }
fail() { echo "peers: $*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

update_lists() {
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
}

install_packages() {
    update_lists
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
        install -y --no-install-recommends "$@" >/dev/null
}

# The mirror is the one that this machine already uses, whichever that is.
debian_mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1
}

# unpack_sid FOLDER PACKAGE...: unpack packages of Debian sid, and all that they depend on.
unpack_sid() {
    local build="$1.building" mirror
    shift
    mirror="$(debian_mirror)"
    if [ -z "$mirror" ]; then # apt knows whose a mirror is only once it has read its lists
        update_lists
        mirror="$(debian_mirror)"
    fi
    [ -n "$mirror" ] || fail "no Debian mirror in apt's sources, so there is nowhere to get $* from"
    rm -rf "$build"
    mkdir -p "$build"/{root,state/lists/partial,cache/archives/partial}
    : >"$build/status"
    echo "deb [signed-by=$KEYRING] $mirror sid main" >"$build/sources.list"
    # An apt of our own: an empty status file makes it fetch the dependencies down to the libc.
    local apt=(apt-get -qq -o "Dir::State=$build/state" -o "Dir::State::status=$build/status"
        -o "Dir::Cache=$build/cache" -o "Dir::Etc::sourcelist=$build/sources.list"
        -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User=)
    "${apt[@]}" update
    "${apt[@]}" install -y --download-only --no-install-recommends "$@" >/dev/null
    local package
    for package in "$build"/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x -C "$build/root" --no-same-owner \
            --exclude=./usr/share/doc --exclude=./usr/share/locale --exclude=./usr/share/man
    done
}

# install_program NAME: Debian's package of that name has it.
install_program() {
    if command -v "$1" >/dev/null; then
        say "$1 is here"
    else
        say "installing Debian's $1"
        install_packages "$1"
    fi
}

# install_unpacked NAME SIZE PACKAGE...: in a folder of that name
install_unpacked() {
    local name="$1" size="$2" folder="$PEERS/$1"
    shift 2
    if [ -d "$folder" ]; then
        say "$name is here ($folder)"
        return
    fi
    say "unpacking $name into $folder (about $size MB)"
    unpack_sid "$folder" "$@"
    # Only a complete folder ever gets the name that the tests look for.
    mv -T "$folder.building/root" "$folder"
    rm -rf "$folder.building"
}

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null && [ -r "$KEYRING" ] ||
    fail "this needs Debian (apt-get, dpkg and the Debian archive keyring); elsewhere, tests skip"

mkdir -p "$PEERS"
# Two runs at once would build in one folder.
exec 9>"$PEERS/.lock"
flock 9
install_program baresip
install_program chromium
install_unpacked asterisk 240 asterisk asterisk-core-sounds-en
install_unpacked sipp 60 sip-tester
install_unpacked baresip 70 baresip-core
