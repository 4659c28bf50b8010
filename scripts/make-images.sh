#!/usr/bin/env bash
# Makes container images for tests and benches, without a daemon:
#
#     scripts/make-images.sh OUT [--small] [--registry PORT]
#     scripts/make-images.sh OUT --stop
#
# `base` is a Debian bookworm of some 170 MB from the mirror of this machine's apt, or with `--small` a handful of
# programs and libraries of this machine, which needs no network. `app` lies on top of it in five layers: a static
# program, a replaced libexpat, a deleted libwebp, an opaque directory, and archives with programs. `app` comes in all
# transports and compressions; OUT/images.json names them, relative to OUT, and says what each layer did.
#
# `--registry` starts docker-registry on loopback, pushes the images and leaves it running; its process id is in
# OUT/registry.pid, and `--stop` ends it. What OUT has already is not made again.
set -euo pipefail
export LC_ALL=C TZ=UTC
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1750000000}

usage() {
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"
  exit 2
}

fail() {
  echo "make-images: $*" >&2
  exit 1
}

script=$(realpath "$0")
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
readonly LAYER=application/vnd.oci.image.layer.v1.tar
readonly BASE_PACKAGES=perl,python3-minimal,openssl,curl,libwebp7,libexpat1,ca-certificates

out=
small=no
port=
stop=no
while [ $# -gt 0 ]; do
  case $1 in
    --small) small=yes ;;
    --registry) port=${2:?--registry needs a port} && shift ;;
    --stop) stop=yes ;;
    -*) usage ;;
    *) [ -z "$out" ] || usage && out=$1 ;;
  esac
  shift
done
[ -n "$out" ] || usage

# Commands and the Debian packages that bring them
need_programs() {
  local missing=() need
  local needs=(gcc:gcc strip:binutils jq:jq zstd:zstd gzip:gzip zip:zip dpkg-deb:dpkg skopeo:skopeo umoci:umoci)
  [ "$small" = yes ] || needs+=(mmdebstrap:mmdebstrap)
  [ -z "$port" ] || needs+=(docker-registry:docker-registry curl:curl)
  for need in "${needs[@]}"; do
    command -v "${need%%:*}" >/dev/null || missing+=("${need#*:}")
  done
  [ -e "$(gcc -print-file-name=libc.a 2>/dev/null)" ] || missing+=(libc6-dev)
  [ -e "$(gcc -print-file-name=libz.a 2>/dev/null)" ] || missing+=(zlib1g-dev)
  if [ "$small" = yes ]; then
    [ -e "$(gcc -print-file-name=libexpat.a 2>/dev/null)" ] || missing+=(libexpat1-dev)
    [ -n "$(machine_library libexpat.so.1)" ] || missing+=(libexpat1)
    [ -n "$(machine_library libwebp.so.7)" ] || missing+=(libwebp7)
  fi
  if [ "${#missing[@]}" -gt 0 ]; then fail "missing programs or libraries: apt-get install ${missing[*]}"; fi
}

# The path of a shared library of this machine, without symbolic links in it
machine_library() {
  local multiarch path
  multiarch=$(gcc -print-multiarch 2>/dev/null) || return 0
  path="/usr/lib/$multiarch/$1"
  if [ -e "$path" ]; then realpath "$path"; fi
}

# A tar of a directory that is the same whenever it is made; further arguments are those of tar
pack() {
  local directory=$1 tar=$2
  shift 2
  tar --create --format=gnu --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    --file "$tar" --directory "$directory" "$@" .
}

digest_of() {
  sha256sum "$1" | cut -d' ' -f1
}

# Puts a file among the blobs of a layout and prints its descriptor
put_blob() {
  local layout=$1 file=$2 type=$3 digest
  digest=$(digest_of "$file")
  cp "$file" "$layout/blobs/sha256/$digest"
  jq -nc --arg type "$type" --arg digest "sha256:$digest" --argjson size "$(stat -c %s "$file")" \
    '{mediaType: $type, digest: $digest, size: $size}'
}

blob() {
  local layout=$1 digest=$2
  echo "$layout/blobs/sha256/${digest#sha256:}"
}

# The manifest of the only image of a layout
manifest_of() {
  blob "$1" "$(jq -r '.manifests[0].digest' "$1/index.json")"
}

elf_files() {
  find "$1" -type f -exec perl -e '
    for (@ARGV) { open F, "<:raw", $_ or next; $b = ""; read F, $b, 4; print "$_\n" if $b eq "\x7fELF"; close F }
  ' {} + | wc -l
}

# --- base ------------------------------------------------------------------------------------------------------------

make_base() {
  if [ ! -e base.tar ]; then
    if [ "$small" = yes ]; then small_base; else debian_base; fi
    mv base.tar.part base.tar
  fi
  if [ ! -e base-figures.json ]; then
    local root=$work/base
    mkdir -p "$root"
    tar --extract --file base.tar --directory "$root" --exclude='./dev/*'
    jq -n --argjson bytes "$(find "$root" -type f -printf '%s\n' | awk '{ s += $1 } END { print s }')" \
      --argjson files "$(find "$root" -type f | wc -l)" --argjson elf "$(elf_files "$root")" \
      --arg expat "$(cd "$root" && find usr/lib -type f -name 'libexpat*.so.1*' | sort)" \
      --arg webp "$(cd "$root" && find usr/lib -name 'libwebp.so.7*' | sort)" \
      --argjson tar "$(stat -c %s base.tar)" \
      '{bytes: $bytes, files: $files, elfFiles: $elf, tarBytes: $tar, expat: ($expat | split("\n")), webp: ($webp | split("\n"))}' \
      >"$work/figures.json"
    mv "$work/figures.json" base-figures.json
    rm -rf "$root"
  fi
}

# How this machine's apt reaches its mirrors, and that snapshots of them may be old
apt_transport() {
  apt-config dump | grep -Ei '^Acquire::(https?|Retries|ForceIPv4|Queue-Mode|Check-Valid-Until|Check-Date)\b' || true
}

debian_mirror() {
  local mirror
  # shellcheck disable=SC2016 # the words are apt's
  mirror=$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
    awk '$3 == "main" && $1 ~ /debian/ && $1 !~ /security/ && $2 !~ /security/ { print $1; exit }')
  [ -n "$mirror" ] || fail "need a Debian archive among this machine's apt sources, found none: apt-get update"
  echo "$mirror"
}

# Without documentation and translations, as images of Debian come
debian_base() {
  local options=() line excluded
  while IFS= read -r line; do options+=(--aptopt="$line"); done < <(apt_transport)
  for excluded in doc man info locale; do options+=(--dpkgopt="path-exclude=/usr/share/$excluded/*"); done
  mmdebstrap --quiet --mode=auto --variant=minbase --include="$BASE_PACKAGES" "${options[@]}" \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' --format=tar bookworm base.tar.part \
    "deb $(debian_mirror) bookworm main"
}

small_base() {
  local root=$work/root program file library package
  mkdir -p "$root"/{usr/bin,usr/lib,usr/lib64,etc,tmp,var/lib/dpkg/info}
  for file in bin lib lib64; do ln -s "usr/$file" "$root/$file"; done
  cp /etc/os-release "$root/etc/os-release"
  # Programs, then the libraries that they load
  for program in bash dash cat ls tar gzip grep sed perl openssl xz zstd; do
    [ -e "/usr/bin/$program" ] || continue
    file=$(realpath "/usr/bin/$program")
    install -D -m 755 "$file" "$root$file"
    [ "$file" = "/usr/bin/$program" ] || ln -sf "$(basename "$file")" "$root/usr/bin/$program"
    ldd "$file" 2>/dev/null | awk '/=> \// { print $3 } /^\t\// { print $1 }'
  done | sort -u >"$work/libraries"
  ln -s dash "$root/usr/bin/sh"
  for file in libexpat.so.1 libwebp.so.7; do dirname "$(machine_library $file)" | sed "s|\$|/$file|"; done >>"$work/libraries"
  # Libraries of /usr/local would lead outside of what dpkg knows.
  grep -v '^/usr/local' "$work/libraries" | while read -r file; do
    file=$(realpath "$(dirname "$file")")/$(basename "$file")
    library=$(realpath "$file")
    install -D -m 755 "$library" "$root$library"
    if [ "$file" != "$library" ]; then
      mkdir -p "$root$(dirname "$file")"
      ln -sfr "$root$library" "$root$file"
    fi
  done
  # The packages of these files, as dpkg knows them here. Before all of /usr was one, paths began with /lib.
  (cd "$root" && find usr -type f) | while read -r file; do
    dpkg-query --search "/$file" 2>/dev/null || dpkg-query --search "/${file#usr/}" 2>/dev/null || true
  done | sed 's/: .*//' | tr -d ' ' | tr ',' '\n' | sort -u >"$work/packages"
  while read -r package; do
    dpkg-query --status "$package" && echo
    for file in list md5sums; do
      cp "/var/lib/dpkg/info/$package.$file" "$root/var/lib/dpkg/info/" 2>/dev/null ||
        cp "/var/lib/dpkg/info/${package%%:*}.$file" "$root/var/lib/dpkg/info/" 2>/dev/null || true
    done
  done <"$work/packages" >"$root/var/lib/dpkg/status"
  pack "$root" base.tar.part
  rm -rf "$root"
}

# --- layers of app ---------------------------------------------------------------------------------------------------

make_layers() {
  local layers=$work/layers
  mkdir -p "$layers"
  compile_programs
  layer_program "$layers/1"
  layer_replace "$layers/2"
  layer_delete "$layers/3"
  layer_opaque "$layers/4"
  layer_archives "$layers/5"
  local number
  for number in 1 2 3 5; do pack "$layers/$number" "$layers/$number.tar"; done
}

# Programs of our own with zlib in them, and two releases of a tool. None has expat, so that all that is said of it comes
# from the base and from the layer that replaces it.
# Debian's archives are made for position-independent programs, so a library of them has to bind its own symbols.
compile_programs() {
  local flags=(-O2 -s '-Wl,--build-id=none')
  mkdir -p "$work/src"
  cat >"$work/src/acme.c" <<'C'
#include <stdio.h>
#include <string.h>
#include <zlib.h>
int main(int count, char **arguments) {
  static unsigned char packed[1 << 16], text[1 << 16];
  uLongf size = sizeof packed, length = sizeof text;
  const char *input = count > 1 ? arguments[1] : "crane";
  if (compress2(packed, &size, (const Bytef *)input, strlen(input) + 1, 9) != Z_OK) return 1;
  if (uncompress(text, &length, packed, size) != Z_OK) return 2;
  printf("acme: %lu bytes, %s\n", size, (char *)text);
  return 0;
}
C
  cat >"$work/src/tool.c" <<'C'
#include <stdio.h>
#include <zlib.h>
int main(int count, char **arguments) {
  char line[4096];
  gzFile file = gzopen(count > 1 ? arguments[1] : "/dev/stdin", "rb");
  puts("tool " RELEASE);
  while (file && gzgets(file, line, sizeof line)) fputs(line, stdout);
  return file ? gzclose(file) : 1;
}
C
  cat >"$work/src/native.c" <<'C'
#include <zlib.h>
int acme_native(unsigned char *to, unsigned long *size, const unsigned char *from, unsigned long length) {
  return compress2(to, size, from, length, 6);
}
C
  gcc "${flags[@]}" -static "$work/src/acme.c" -lz -o "$work/acme"
  gcc "${flags[@]}" -static -DRELEASE='"1"' "$work/src/tool.c" -lz -o "$work/tool-1"
  gcc "${flags[@]}" -static -DRELEASE='"2"' "$work/src/tool.c" -lz -o "$work/tool-2"
  gcc "${flags[@]}" -fPIC -shared -Wl,-Bsymbolic "$work/src/native.c" -Wl,--whole-archive -l:libz.a -Wl,--no-whole-archive \
    -o "$work/libacme-native.so"
}

# One file under two names and a link to it, and the program that the opaque directory hides later
layer_program() {
  install -D -m 755 "$work/acme" "$1/opt/acme/bin/acme"
  ln "$1/opt/acme/bin/acme" "$1/opt/acme/bin/acme-agent"
  mkdir -p "$1/usr/local/bin"
  ln -s ../../../opt/acme/bin/acme "$1/usr/local/bin/acme"
  install -D -m 755 "$work/tool-1" "$1/opt/tool/bin/tool-1"
  install -D -m 644 "$work/libacme-native.so" "$1/opt/tool/lib/libacme-native.so"
}

# Another libexpat, both libraries of the package, under the paths of the base's: the package database does not know of it
layer_replace() {
  local path directory=$work/expat
  mkdir -p "$directory"
  if [ "$small" = yes ]; then relinked_expat "$directory"; else newer_expat "$directory"; fi
  jq -r '.expat[]' base-figures.json | while read -r path; do
    install -D -m 644 "$directory/$(basename "${path%%.so.*}").so" "$1/$path"
  done
}

# The machine has one release only: the same one, linked anew
relinked_expat() {
  gcc -shared -s -Wl,-Bsymbolic -Wl,--build-id=none -Wl,-soname,libexpat.so.1 -Wl,--whole-archive -l:libexpat.a \
    -Wl,--no-whole-archive -o "$1/libexpat.so"
  echo "libexpat.a, linked anew" >"$work/replaced"
}

# From the next release of Debian; apt checks it against the signed lists of the mirror
newer_expat() {
  local apt=$work/apt
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/root"
  {
    apt_transport
    echo "Dir::State \"$apt\"; Dir::State::Lists \"$apt/lists\"; Dir::State::Status \"/dev/null\"; Dir::Cache \"$apt\";"
    echo "Dir::Etc::SourceList \"$apt/sources.list\"; Dir::Etc::SourceParts \"/dev/null\"; Dir::Etc::Parts \"/dev/null\";"
    echo 'APT::Sandbox::User "root"; Acquire::Languages "none";'
  } >"$apt/apt.conf"
  echo "deb $(debian_mirror) trixie main" >"$apt/sources.list"
  APT_CONFIG=$apt/apt.conf apt-get update -qq
  (cd "$apt" && APT_CONFIG=$apt/apt.conf apt-get download -qq libexpat1)
  dpkg-deb --extract "$apt"/libexpat1_*.deb "$apt/root"
  local name
  for name in libexpat libexpatw; do
    cp "$(find "$apt/root/usr/lib" -type f -name "$name.so.1*")" "$1/$name.so"
  done
  echo "libexpat1 $(dpkg-deb --field "$apt"/libexpat1_*.deb Version) of trixie" >"$work/replaced"
}

layer_delete() {
  jq -r '.webp[]' base-figures.json | while read -r file; do
    mkdir -p "$1/$(dirname "$file")"
    : >"$1/$(dirname "$file")/.wh.$(basename "$file")"
  done
}

# umoci makes the marker of this layer, see `make_layout`. The tars of `umoci insert` end with the last byte of the last
# file, without padding and without blocks of zeros: a case that readers have to bear.
layer_opaque() {
  install -D -m 755 "$work/tool-2" "$1/bin/tool-2"
  find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

# A jar with a native library, and a Debian package
layer_archives() {
  local jar=$work/jar deb=$work/deb
  install -D -m 755 "$work/libacme-native.so" "$jar/native/linux-x86-64/libacme-native.so"
  mkdir -p "$jar/META-INF" "$deb/DEBIAN" "$1/opt/app" "$1/var/cache/acme"
  printf 'Manifest-Version: 1.0\r\n\r\n' >"$jar/META-INF/MANIFEST.MF"
  find "$jar" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
  (cd "$jar" && zip -q -X -r "$1/opt/app/app.jar" META-INF native)
  install -D -m 755 "$work/acme" "$deb/usr/bin/acme"
  printf '%s\n' 'Package: acme' 'Version: 1.0' "Architecture: $(dpkg --print-architecture)" \
    'Maintainer: Nobody <nobody@example.org>' 'Description: zlib in a program' >"$deb/DEBIAN/control"
  find "$deb" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
  dpkg-deb --build --root-owner-group "$deb" "$1/var/cache/acme/acme_1.0.deb" >/dev/null
}

# --- images ----------------------------------------------------------------------------------------------------------

# The layout with a tag for each image: base, step1 to step5, app
make_layout() {
  local layout=$1
  umoci init --layout "$layout"
  umoci new --image "$layout:base"
  umoci config --image "$layout:base" --no-history --created "$created" --os linux \
    --architecture "$(dpkg --print-architecture)" --config.cmd /bin/bash
  add_layer base.tar "$layout:base" base 'debootstrap bookworm'
  umoci config --image "$layout:base" --tag env --config.env ACME_HOME=/opt/acme --created "$created" \
    --history.created "$created" --history.created_by 'ENV ACME_HOME=/opt/acme'
  add_layer "$work/layers/1.tar" "$layout:env" step1 'COPY acme tool /opt/'
  add_layer "$work/layers/2.tar" "$layout:step1" step2 "COPY libexpat.so.1 /$(jq -r '.expat[0]' base-figures.json)"
  add_layer "$work/layers/3.tar" "$layout:step2" step3 "RUN rm /$(jq -r '.webp | join(" /")' base-figures.json)"
  umoci insert --image "$layout:step3" --tag step4 --opaque --history.created "$created" \
    --history.created_by 'RUN rm -rf /opt/tool && install-tool 2' "$work/layers/4" /opt/tool
  add_layer "$work/layers/5.tar" "$layout:step4" step5 'COPY app.jar acme_1.0.deb /'
  umoci tag --image "$layout:step5" app
  umoci remove --image "$layout:env"
  umoci gc --layout "$layout"
}

add_layer() {
  umoci raw add-layer --image "$2" --tag "$3" --history.created "$created" --history.created_by "$4" "$1"
}

# The same image in all transports and compressions
make_transports() {
  local layout=$work/layout name
  skopeo_copy "oci:$layout:app" oci:oci-gzip:app
  skopeo_copy --dest-compress-format zstd "oci:$layout:app" oci:oci-zstd:app
  # skopeo decompresses only into its own directories, and compresses what it writes from there unless told not to.
  skopeo_copy --dest-decompress "oci:$layout:app" "dir:$work/plain"
  skopeo_copy --dest-oci-accept-uncompressed-layers "dir:$work/plain" oci:oci-plain:app
  for name in gzip zstd plain; do
    pack "oci-$name" "oci-$name.tar"
    save_archive "oci-$name" "docker-$name.tar" acme/app:1.0
  done
  skopeo_copy "oci:$layout:app" docker-archive:docker-archive.tar:acme/app:1.0
  gzip -1 -n -c docker-archive.tar >docker-archive.tar.gz
  mislabel oci-plain oci-mislabelled
  skopeo_copy "oci:$layout:base" oci:base-oci:base
  save_archive base-oci base-docker.tar acme/base:12
  two_platforms
  umoci --log error unpack --rootless --image "$layout:app" "$work/bundle"
  mv "$work/bundle/rootfs" rootfs
  # As `docker export` writes it: one tar, without a word about layers
  tar --create --format=gnu --sort=name --numeric-owner --file rootfs.tar --directory rootfs .
}

skopeo_copy() {
  skopeo --insecure-policy copy --quiet "$@"
}

# What `docker save` has written since release 25: a layout with Docker's manifest.json beside it
save_archive() {
  local layout=$1 archive=$2 name=$3 copy=$work/save
  rm -rf "$copy"
  cp -al "$layout" "$copy"
  jq -c --arg name "$name" 'def path: "blobs/" + sub(":"; "/");
    [{Config: (.config.digest | path), RepoTags: [$name], Layers: [.layers[].digest | path]}]' \
    "$(manifest_of "$layout")" >"$copy/manifest.json"
  pack "$copy" "$archive"
}

# A layout whose media types say gzip where the bytes are plain tar
mislabel() {
  local from=$1 to=$2 descriptor
  cp -al "$from" "$to"
  rm "$to/index.json" "$(manifest_of "$from" | sed "s|^$from|$to|")"
  jq -c --arg type "$LAYER+gzip" '.layers[].mediaType = $type' "$(manifest_of "$from")" >"$work/manifest.json"
  descriptor=$(put_blob "$to" "$work/manifest.json" application/vnd.oci.image.manifest.v1+json)
  jq -c --argjson descriptor "$descriptor" '.manifests = [$descriptor + {annotations: .manifests[0].annotations}]' \
    "$from/index.json" >"$to/index.json"
}

# An index of two platforms: app, and a tiny image for arm64
two_platforms() {
  local tiny=$work/tiny layer config manifest index diff
  cp -al oci-gzip oci-multi
  rm oci-multi/index.json
  mkdir -p "$tiny/usr/bin"
  echo arm64 >"$tiny/platform"
  if command -v aarch64-linux-gnu-gcc >/dev/null; then
    echo 'int main(void) { return 0; }' >"$work/src/tiny.c"
    aarch64-linux-gnu-gcc -O2 -s -Wl,--build-id=none "$work/src/tiny.c" -o "$tiny/usr/bin/tiny"
  fi
  pack "$tiny" "$work/tiny.tar"
  diff=sha256:$(digest_of "$work/tiny.tar")
  gzip -n -c "$work/tiny.tar" >"$work/tiny.tar.gz"
  layer=$(put_blob oci-multi "$work/tiny.tar.gz" "$LAYER+gzip")
  jq -nc --arg diff "$diff" --arg created "$created" '{created: $created, architecture: "arm64", os: "linux", config: {},
    rootfs: {type: "layers", diff_ids: [$diff]}, history: [{created: $created, created_by: "COPY tiny /"}]}' \
    >"$work/config.json"
  config=$(put_blob oci-multi "$work/config.json" application/vnd.oci.image.config.v1+json)
  jq -nc --argjson config "$config" --argjson layer "$layer" '{schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: [$layer]}' >"$work/manifest.json"
  manifest=$(put_blob oci-multi "$work/manifest.json" application/vnd.oci.image.manifest.v1+json)
  jq -c --argjson arm "$manifest" --arg architecture "$(dpkg --print-architecture)" '{schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json", manifests: [
      (.manifests[0] | del(.annotations)) + {platform: {architecture: $architecture, os: "linux"}},
      $arm + {platform: {architecture: "arm64", os: "linux", variant: "v8"}}]}' oci-gzip/index.json >"$work/index.json"
  index=$(put_blob oci-multi "$work/index.json" application/vnd.oci.image.index.v1+json)
  jq -nc --argjson index "$index" '{schemaVersion: 2,
    manifests: [$index + {annotations: {"org.opencontainers.image.ref.name": "multi"}}]}' >oci-multi/index.json
}

# What is where, for those who test with it
describe() {
  local manifest config
  manifest=$(manifest_of oci-gzip)
  config=$(blob oci-gzip "$(jq -r .config.digest "$manifest")")
  jq -n --arg small "$small" --slurpfile base base-figures.json --slurpfile manifest "$manifest" \
    --slurpfile config "$config" --arg replaced "$(cat "$work/replaced")" '
    def ref($transport; $names): $names | map({key: ., value: "\($transport):\(.)"}) | from_entries;
    {
      small: ($small == "yes"),
      base: ($base[0] | del(.expat, .webp)),
      app: {
        program: {path: "opt/acme/bin/acme", hardlink: "opt/acme/bin/acme-agent", symlink: "usr/local/bin/acme"},
        replaced: {paths: $base[0].expat, with: $replaced},
        deleted: $base[0].webp,
        opaque: {path: "opt/tool", hidden: ["opt/tool/bin/tool-1", "opt/tool/lib/libacme-native.so"],
          visible: ["opt/tool/bin/tool-2"]},
        archives: ["opt/app/app.jar", "var/cache/acme/acme_1.0.deb"],
      },
      layers: [$manifest[0].layers, $config[0].rootfs.diff_ids, [$config[0].history[] | select(.empty_layer != true)]]
        | transpose | map({diffId: .[1], createdBy: .[2].created_by, gzip: .[0].digest, gzipBytes: .[0].size}),
      references: (ref("docker-archive"; ["docker-archive.tar", "docker-archive.tar.gz", "docker-plain.tar",
          "docker-gzip.tar", "docker-zstd.tar"])
        + ref("oci-archive"; ["oci-gzip.tar", "oci-zstd.tar", "oci-plain.tar"])
        + ref("oci-dir"; ["oci-gzip", "oci-zstd", "oci-plain", "oci-mislabelled"])),
      twoPlatforms: "oci-dir:oci-multi",
      flat: {tar: "rootfs.tar", directory: "rootfs"},
      baseReferences: ["docker-archive:base-docker.tar", "oci-dir:base-oci"],
    }'
}

# --- registry --------------------------------------------------------------------------------------------------------

stop_registry() {
  if [ ! -e registry.pid ]; then return 0; fi
  local pid
  pid=$(cat registry.pid)
  # Only if the process is still the one that was started here
  if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q 'docker-registry serve'; then
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  fi
  rm -f registry.pid
}

start_registry() {
  stop_registry
  cat >registry.yml <<YML
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $PWD/registry}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"}
YML
  nohup docker-registry serve registry.yml </dev/null >registry.log 2>&1 9>&- &
  echo $! >registry.pid
  local tries=0
  until curl -fsS "http://127.0.0.1:$port/v2/" >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$(cat registry.pid)" 2>/dev/null; then
      fail "docker-registry does not answer on port $port: $(tail -n 3 registry.log)"
    fi
    sleep 0.1
  done
}

push_images() {
  local number
  push oci:base-oci:base acme/base:12
  push oci:oci-gzip:app acme/app:latest
  push oci:oci-zstd:app acme/app:zstd
  push docker-archive:docker-archive.tar acme/app:docker --format v2s2
  push oci:oci-multi:multi acme/multi:latest --all
  # Each step of app: images of a sweep that share layers
  for number in 1 2 3 4 5; do push "oci:layout:step$number" "acme/app:1.$number"; done
}

push() {
  local from=$1 to=$2
  shift 2
  skopeo_copy --dest-tls-verify=false "$@" "$from" "docker://127.0.0.1:$port/$to"
}

# ---------------------------------------------------------------------------------------------------------------------

mkdir -p "$out"
cd "$out"
if [ "$stop" = yes ]; then
  stop_registry
  exit 0
fi
need_programs
# One at a time, also where tests of several processes want the same images. Work lies here for hard links.
exec 9>lock
flock 9
rm -rf work.*
work=$(mktemp -d "$PWD/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Images of another kind, or of another edition of this script, are made anew.
edition="$(digest_of "$script") $small $SOURCE_DATE_EPOCH"
if [ "$(cat edition 2>/dev/null)" != "$edition" ]; then
  stop_registry
  rm -rf edition images.json layout oci-* docker-* base-oci base-docker.tar base-figures.json rootfs rootfs.tar registry
  # The base takes the longest, and depends on little of the script.
  base_edition="$small $SOURCE_DATE_EPOCH $BASE_PACKAGES $(declare -f debian_base small_base pack | sha256sum)"
  if [ "$(cat base-edition 2>/dev/null)" != "$base_edition" ]; then rm -f base.tar base.tar.part; fi
  make_base
  echo "$base_edition" >base-edition
  make_layers
  make_layout "$work/layout"
  make_transports
  mv "$work/layout" layout
  describe >images.json
  echo "$edition" >edition
fi
jq -r '"base: \(.base.bytes) bytes in \(.base.files) files, \(.base.elfFiles) of them ELF",
  "app: libexpat replaced by \(.app.replaced.with)"' images.json
if [ -n "$port" ]; then
  start_registry
  push_images
  echo "registry: 127.0.0.1:$port, ended by $(basename "$script") OUT --stop"
fi
