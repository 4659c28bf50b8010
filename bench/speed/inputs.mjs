import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CORPORA, cacheDirectory, cachedFile, isCached, readCorpusFiles } from '../accuracy/cache.mjs'
import { foreignGlue, foreignMain } from '../snippets/foreign-main.mjs'

/** Where Debian keeps libcrypto, by instruction set. */
const LIBRARY_PLACES = ['x86_64-linux-gnu', 'aarch64-linux-gnu', 'i386-linux-gnu', 'arm-linux-gnueabihf']

/**
 * The three files: the Node that runs this, Debian's libcrypto, and the largest x86-64 PE file of the public corpus. What
 * is not there is left out and named in `missing`.
 */
export function scanInputs() {
  const files = [{ name: 'node', path: process.execPath }]
  const missing = []
  const libcrypto = LIBRARY_PLACES.map((place) => `/usr/lib/${place}/libcrypto.so.3`).find(existsSync)
  if (libcrypto === undefined) missing.push('libcrypto.so.3 (package libssl3)')
  else files.push({ name: 'libcrypto.so.3', path: libcrypto })
  const windows = largestPe()
  if (windows === undefined) missing.push('a PE file of the public corpus (npm run bench:fetch)')
  else files.push({ name: windows.id, path: cachedFile(windows.sha256) })
  return { files: files.map((file) => ({ ...file, size: statSync(file.path).size })), missing }
}

function largestPe() {
  return readCorpusFiles(join(CORPORA, 'public.json'))
    .filter((file) => file.format === 'pe' && file.arch === 'x86_64' && isCached(file))
    .sort((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1))[0]
}

/** Trees that `bench:snippets` unpacked and that are large enough to index. */
const INDEXED_SOURCES = ['libpng1.6', 'xz-utils', 'expat', 'brotli']
const SOURCE_FILE = /\.(?:c|cc|cpp|cxx|h|hh|hpp|hxx|inc)$/

/** What is indexed: directories of source text with their bytes, and the static C library of the compiler. */
export function indexInputs() {
  const missing = []
  const place = join(cacheDirectory(), 'snippets/sources/bookworm')
  const trees = INDEXED_SOURCES.map((name) => join(place, name))
    .filter(existsSync)
    .map((directory) => join(directory, readdirSync(directory)[0]))
  if (trees.length === 0) missing.push('source trees (npm run bench:snippets)')
  const archive = staticLibrary()
  if (archive === undefined) missing.push('libc.a (package libc6-dev)')
  return {
    trees: trees.map((path) => ({ path, size: sourceBytes(path) })),
    archive: archive === undefined ? undefined : { path: archive, size: statSync(archive).size },
    missing,
  }
}

function sourceBytes(directory) {
  let size = 0
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    const status = lstatSync(path)
    if (status.isDirectory()) size += sourceBytes(path)
    else if (status.isFile() && SOURCE_FILE.test(name)) size += status.size
  }
  return size
}

function staticLibrary() {
  try {
    const path = execFileSync('gcc', ['-print-file-name=libc.a'], { encoding: 'utf8' }).trim()
    return existsSync(path) ? path : undefined
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

/** A stripped program of about 20 kB below `directory`, or undefined without a compiler. */
export function smallProgram(directory) {
  const source = join(directory, 'small.c')
  const path = join(directory, 'small')
  writeFileSync(source, foreignMain({ seed: 20 }) + foreignGlue({}))
  try {
    execFileSync('gcc', ['-Os', '-Wl,-z,noseparate-code', source, '-s', '-o', path], { stdio: 'pipe' })
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
  return { path, size: statSync(path).size }
}
