import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Bytes read at once by the stages that read the whole file, as the scan does. */
const WINDOW = 1 << 20

/** The modules of one built revision, below its `dist` directory. A module that this revision lacks is undefined. */
export async function loadRevision(dist) {
  const load = async (name) => {
    const path = join(dist, name)
    return existsSync(path) ? await import(pathToFileURL(path).href) : undefined
  }
  return {
    api: await load('index.js'),
    source: await load('bytes/source.js'),
    read: await load('binary/read.js'),
    prints: await load('fingerprint/print-set.js'),
    extract: await load('fingerprint/extract.js'),
    strings: await load('fingerprint/strings.js'),
    identify: await load('identify/identify.js'),
    functions: await load('binary/functions.js'),
    data: await load('fingerprint/kernel/data.js'),
    code: await load('fingerprint/kernel/code.js'),
    kernel: await load('fingerprint/kernel/kernel.js'),
  }
}

/**
 * The stages of a scan of one file as tasks, each by the functions that the scan calls, beginning with what they need:
 * a stage is not charged for the ones before. `scan` is the whole, as a user calls it.
 */
export function stagesOf(revision, path, db) {
  const { api, source, read, prints, extract, identify } = revision
  const file = source.fileSource(path)
  const bytes = source.bytesSource(file.read(0, file.size))
  const program = read.readProgram(bytes)
  const { prefilter } = db.reader
  const extracted = () => {
    const set = new prints.PrintSet()
    // Revisions without a prefilter take the base of offsets in this place.
    if (prefilter === undefined) extract.extractProgram(program, bytes, set)
    else extract.extractProgram(program, bytes, set, { prefilter })
    return set.seal()
  }
  const sealed = extracted()
  const input = { prints: sealed, programs: [program], textAt: () => '' }
  return [
    { name: 'read', run: () => withFile(source, path, (opened) => overWindows(opened, () => undefined)) },
    { name: 'sha256', run: () => withFile(source, path, sha256) },
    { name: 'parse', run: () => read.readProgram(bytes) },
    ...partsOf(revision, program, bytes, prefilter),
    { name: 'extract, all kinds', run: extracted },
    { name: 'lookup', run: () => lookUp(sealed, db.reader) },
    { name: 'identify, with lookup', run: () => identify.identify(input, db.reader) },
    { name: 'whole scan', run: () => api.scanFile(path, { db }) },
  ]
}

/** The parts of extraction that can be called alone in this revision, with sinks that keep nothing. */
function partsOf(revision, program, bytes, prefilter) {
  const { data, functions, code } = revision
  const parts = []
  if (data === undefined) parts.push({ name: STRINGS, run: () => scanAllStrings(revision, program, bytes) })
  else {
    parts.push({ name: STRINGS, run: () => scanAllData(revision, program, bytes, prefilter, false) })
    parts.push({ name: 'strings and tables', run: () => scanAllData(revision, program, bytes, prefilter, true) })
  }
  if (functions !== undefined)
    parts.push({ name: 'function boundaries', run: () => functions.functionRanges(program, bytes) })
  if (functions !== undefined && code?.isCodeKnown(program.arch)) {
    const ranges = functions.functionRanges(program, bytes)
    parts.push({ name: 'functions', run: () => allCode(revision, program, bytes, prefilter, ranges) })
  }
  return parts
}

/** Sections whose constants the extractor reads. */
function dataSections(program) {
  return program.sections.filter(({ role }) => role === 'data' || role === 'mixed')
}

/** The scanner of revisions without a kernel for data. */
function scanAllStrings({ strings: { scanStrings, MAX_STRING_BYTES } }, program, bytes) {
  const nothing = () => undefined
  const sink = { string: nothing, template: nothing, literal: nothing, typeName: nothing }
  for (const section of dataSections(program)) {
    const end = section.offset + section.size
    const state = { insideLongRun: false }
    for (let at = section.offset; at < end; ) {
      const size = Math.min(4 * MAX_STRING_BYTES, end - at)
      at += scanStrings(bytes.read(at, size), at, at + size === end, sink, state)
    }
  }
}

function scanAllData({ data, kernel, prints }, program, source, prefilter, withTables) {
  const nothing = () => undefined
  const sink = { strings: nothing, candidate: nothing, tables: nothing }
  kernel.kernel().load(prefilter)
  for (const { offset, size, address } of dataSections(program)) {
    const tableKind = withTables ? prints.Kind.Table : undefined
    data.scanData(kernel.kernel(), { source, offset, size, address, base: 0, tableKind, prefilter }, sink)
  }
}

function allCode({ code, kernel }, program, source, prefilter, ranges) {
  for (const { first, end, offset, bytes } of code.planWindows(ranges)) {
    const starts = Uint32Array.from(ranges.offsets.subarray(first, end), (start) => start - offset)
    const ends = starts.map((start, at) => start + ranges.sizes[first + at])
    const window = { bytes: source.read(offset, bytes), offset, address: ranges.addresses[first], starts, ends }
    code.codeBatches(kernel.kernel(), window, { arch: program.arch, addresses: addressesOf(program), prefilter })
  }
}

/** The addresses that the sections of a program take. */
function addressesOf({ sections }) {
  const placed = sections.filter(({ address, size }) => address > 0 && size > 0)
  if (placed.length === 0) return undefined
  return {
    lowest: Math.min(...placed.map(({ address }) => address)),
    highest: Math.max(...placed.map(({ address, size }) => address + size)),
  }
}

function withFile(source, path, step) {
  const opened = source.fileSource(path)
  try {
    return step(opened)
  } finally {
    opened.close()
  }
}

function overWindows(opened, visit) {
  for (let at = 0; at < opened.size; at += WINDOW) visit(opened.read(at, Math.min(WINDOW, opened.size - at)))
}

function sha256(opened) {
  const hash = createHash('sha256')
  overWindows(opened, (window) => hash.update(window))
  return hash.digest('hex')
}

async function lookUp(prints, reader) {
  for (const kind of Object.keys(reader.manifest.features).map(Number)) {
    const from = prints.kinds.indexOf(kind)
    if (from < 0) continue
    await reader.lookup(kind, prints.high, prints.low, from, prints.kinds.lastIndexOf(kind) + 1)
  }
}

/** What everything is compared with: the hash of the file by OpenSSL, and a loop of JavaScript that looks at each byte. */
export function baselines(bytes) {
  return [
    { name: BASE_HASH, run: () => createHash('sha256').update(bytes).digest('hex') },
    { name: BASE_LOOP, run: () => countPrintable(bytes) },
  ]
}
export const BASE_HASH = 'sha256 of the bytes'
export const BASE_LOOP = 'byte loop'
/** The stage that has a limit of its own. */
export const STRINGS = 'strings'

/** Bytes in the runs of printable characters; the least that any search for strings has to do. */
function countPrintable(bytes) {
  let printable = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte >= 0x20 && byte < 0x7f) printable++
  }
  return printable
}
