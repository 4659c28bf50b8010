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
    identify: await load('identify/identify.js'),
    ranges: await load('binary/functions.js'),
    functions: await load('fingerprint/functions.js'),
    symbols: await load('fingerprint/symbols.js'),
    data: await load('fingerprint/kernel/data.js'),
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
    extract.extractProgram(program, bytes, set, { prefilter })
    return set.seal()
  }
  const sealed = extracted()
  const digest = withFile(source, path, sha256)
  const readCode = (set, from, to) => extract.extractCode(program, bytes, set, { base: 0, from, to })
  const input = { prints: sealed, programs: [program], textAt: () => '', readCode, fileName: null, sha256: digest }
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

/** The parts of extraction that can be called alone in this revision. */
function partsOf({ data, kernel, prints, ranges, functions, symbols }, program, bytes, prefilter) {
  const parts = []
  if (data !== undefined) {
    const scan = (tableKind) => scanAllData(data, kernel.kernel(), program, bytes, { tableKind, prefilter })
    parts.push({ name: STRINGS, run: () => scan(undefined) })
    parts.push({ name: 'strings and tables', run: () => scan(prints.Kind.Table) })
  }
  if (ranges !== undefined)
    parts.push({ name: 'function boundaries', run: () => ranges.functionRanges(program, bytes) })
  if (functions !== undefined)
    parts.push({
      name: 'functions, with boundaries',
      run: () => functions.extractFunctions(program, bytes, new prints.PrintSet(), { base: 0, prefilter }),
    })
  parts.push({
    name: 'symbols',
    run: () => symbols.extractSymbols(program, new prints.PrintSet(), { base: 0, prefilter }),
  })
  return parts
}

/** Every section of constants, into a sink that keeps nothing. */
function scanAllData({ scanData }, kernel, program, source, wanted) {
  const nothing = () => undefined
  const sink = { strings: nothing, candidate: nothing, tables: nothing }
  kernel.load(wanted.prefilter)
  for (const { role, offset, size, address } of program.sections)
    if (role === 'data' || role === 'mixed')
      scanData(kernel, { source, offset, size, address, base: 0, ...wanted }, sink)
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
