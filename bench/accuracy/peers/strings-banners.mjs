/**
 * A peer to be better than: GNU `strings` and thirty patterns of banners, as many a team writes them for its own use.
 *
 *     binprint bench CORPUS.json --tool 'node bench/accuracy/peers/strings-banners.mjs {file}'
 *
 * Prints the components whose banner stands in the file with the versions that it names, as `binprint bench` reads them.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Canonical name of the component, and its banner with the version as the first group. */
const BANNERS = [
  ['zlib', /(?:deflate|inflate) (\d+\.\d+[\d.]*) Copyright/],
  ['openssl', /^OpenSSL (\d+\.\d+\.\d+[a-z]*)\b/],
  ['libressl', /^LibreSSL (\d+\.\d+\.\d+)/],
  ['mbedtls', /^(?:mbed TLS|Mbed TLS) (\d+\.\d+\.\d+)/],
  ['curl', /\blibcurl\/(\d+\.\d+\.\d+)/],
  ['sqlite', /^SQLite(?: version)? (3\.\d+\.\d+)/],
  ['libpng', /libpng(?: version)? (\d+\.\d+\.\d+)/],
  ['expat', /^expat_(\d+\.\d+\.\d+)/],
  ['libxml2', /libxml2?[ -](\d+\.\d+\.\d+)/],
  ['bzip2', /bzip2\/libbzip2.*version (\d+\.\d+\.\d+)/],
  ['xz', /(?:XZ Utils|liblzma)[) ]+(\d+\.\d+\.\d+)/],
  ['zstd', /(?:zstd|Zstandard)(?: CLI)? v?(\d+\.\d+\.\d+)/i],
  ['lz4', /\bLZ4 (?:v|version )?(\d+\.\d+\.\d+)/],
  ['brotli', /\bbrotli[ /](\d+\.\d+\.\d+)/i],
  ['libuv', /\blibuv[ /]v?(\d+\.\d+\.\d+)/],
  ['c-ares', /\bc-ares[ /](\d+\.\d+\.\d+)/],
  ['nghttp2', /\bnghttp2\/(\d+\.\d+\.\d+)/],
  ['libssh2', /libssh2_(\d+\.\d+\.\d+)/],
  ['libgit2', /\blibgit2[ /](\d+\.\d+\.\d+)/],
  ['pcre2', /\bPCRE2? (\d+\.\d+)\b/],
  ['libtiff', /LIBTIFF, Version (\d+\.\d+\.\d+)/],
  ['libjpeg-turbo', /libjpeg-turbo version (\d+\.\d+\.\d+)/],
  ['libwebp', /\blibwebp[ /](\d+\.\d+\.\d+)/],
  ['freetype', /\bFreeType (\d+\.\d+\.\d+)/],
  ['libarchive', /\blibarchive[ /](\d+\.\d+\.\d+)/],
  ['lua', /^\$?Lua(?:Version)?:? (?:Lua )?(5\.\d+\.\d+)/],
  ['busybox', /^BusyBox v(\d+\.\d+\.\d+)/],
  ['lmdb', /^LMDB (\d+\.\d+\.\d+)/],
  ['libvips', /^(?:lib)?vips[ -](\d+\.\d+\.\d+)/],
  ['icu', /\bICU (\d+\.\d+)/],
]

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('need a file: strings-banners.mjs FILE')
const strings = spawn('strings', ['-a', '-n', '6', '--', file], { stdio: ['ignore', 'pipe', 'inherit'] })
const failed = new Promise((resolve, reject) => {
  strings.on('error', reject)
  strings.on('close', (code) => (code === 0 ? resolve(undefined) : reject(new Error(`strings ended with ${code}`))))
})
const found = new Map()
for await (const line of createInterface({ input: strings.stdout })) {
  for (const [name, banner] of BANNERS) {
    const version = banner.exec(line)?.[1]
    if (version !== undefined) found.set(`${name} ${version}`, { name, version })
  }
}
await failed
process.stdout.write(`${JSON.stringify([...found.values()])}\n`)
