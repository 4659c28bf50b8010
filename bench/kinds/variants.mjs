import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The kinds of fingerprint as sections of a prints file are called, in the order of `docs/fingerprints.md`. */
export const KINDS = [
  'strings',
  'templates',
  'symbols',
  'functions',
  'mnemonics',
  'tables',
  'bigEndianTables',
  'immediates',
  'functionNames',
  'files',
]

/** What a kind is of no use without: names are those of functions. */
export const NEEDS = { functionNames: ['functions'] }

/** The tables of features among the kinds, by their name in `FeatureKind`. */
const TABLES = {
  strings: 'String',
  symbols: 'Symbol',
  functions: 'Function',
  mnemonics: 'Mnemonics',
  tables: 'Table',
  bigEndianTables: 'BigEndianTable',
  immediates: 'Immediate',
}

/**
 * The prints without some kinds, as if they had never been collected. Units and sets that nothing else uses go with them when
 * the result is encoded, and so do the names of functions when there are no functions. `modules` are the built revision's.
 */
export function withoutKinds(prints, kinds, { FeatureKind, emptyTable }) {
  const features = { ...prints.features }
  for (const kind of kinds) {
    const number = FeatureKind[TABLES[kind]]
    if (number !== undefined) features[number] = emptyTable(number)
  }
  const nameless = kinds.includes('functionNames')
  if (nameless) {
    const functions = features[FeatureKind.Function]
    features[FeatureKind.Function] = { ...functions, names: new Uint32Array(functions.units.length) }
  }
  return {
    ...prints,
    features,
    templates: kinds.includes('templates') ? [] : prints.templates,
    functionNames: nameless ? [] : prints.functionNames,
    files: kinds.includes('files') ? [] : prints.files,
  }
}

/** The prints without the releases of an origin, `source` or `built`; undefined where no other are left. */
export function withoutOrigin(prints, origin, { PrintsBuilder }) {
  const kept = prints.releases.filter((release) => release.origin !== origin)
  return kept.length === 0 ? undefined : PrintsBuilder.from(prints, kept).finish()
}

/**
 * Writes a copy of the database `from` in which each component's prints lack what `variant` leaves out: `kinds`, and perhaps
 * the releases of one `origin`. The background lacks the kinds as well. Returns the bytes of all prints, background included.
 */
export function writeVariant(from, directory, { kinds = [], origin }, modules) {
  const { decodePrints, encodePrints } = modules
  mkdirSync(join(directory, 'prints'), { recursive: true })
  for (const name of [
    'components',
    'algorithm-constants.json',
    'database.json',
    'families.json',
    'vendored-paths.json',
  ])
    if (existsSync(join(from, name))) cpSync(join(from, name), join(directory, name), { recursive: true })
  let size = 0
  for (const [path, isBackground] of printsOf(from)) {
    const bytes = readFileSync(join(from, path))
    const target = join(directory, path)
    if (kinds.length === 0 && (origin === undefined || isBackground)) {
      copyFileSync(join(from, path), target)
      size += bytes.length
      continue
    }
    let prints = decodePrints(bytes, { path })
    if (origin !== undefined && !isBackground) prints = withoutOrigin(prints, origin, modules)
    if (prints === undefined) continue
    const encoded = encodePrints(withoutKinds(prints, kinds, modules))
    writeFileSync(target, encoded)
    size += encoded.length
  }
  return size
}

/** Bytes of each section over all prints of a database, in which every kind has its entry. */
export function sectionBytes(from, { readSections, sectionName }) {
  const sizes = Object.fromEntries(KINDS.map((kind) => [kind, 0]))
  for (const [path] of printsOf(from))
    for (const { kind, bytes } of readSections(readFileSync(join(from, path)), { path })) {
      const name = sectionName(kind)
      sizes[name] = (sizes[name] ?? 0) + bytes.length
    }
  return sizes
}

/** Indexed files by architecture, most first: the only place where prints tell architectures apart. */
export function filesByArchitecture(from, { decodePrints }) {
  const counts = new Map()
  for (const [path, isBackground] of printsOf(from))
    if (!isBackground)
      for (const { arch } of decodePrints(readFileSync(join(from, path)), { path }).files)
        counts.set(arch, (counts.get(arch) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
}

/** Paths of all prints below a database's directory, each with whether it is the background. */
function printsOf(from) {
  const names = readdirSync(join(from, 'prints')).filter((name) => name.endsWith('.bpf'))
  const paths = names.sort().map((name) => [join('prints', name), false])
  return existsSync(join(from, 'background.bpf')) ? [...paths, ['background.bpf', true]] : paths
}
