import type { LookupHits } from '../../src/database/hit-columns.ts'
import type { KindFeatures } from '../../src/database/postings.ts'
import { type ComponentRecord, SCHEMA } from '../../src/database/schema.ts'
import type { DatabaseContent } from '../../src/database/writer.ts'
import { below, type Random, random } from './synthetic.ts'

/** So many hashes, ascending and (but for one chance in a billion) distinct. */
export function sortedHashes(next: Random, count: number): { high: Uint32Array; low: Uint32Array } {
  const pairs = Array.from({ length: count }, () => [next(), next()] as const)
  pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  return { high: Uint32Array.from(pairs, ([high]) => high), low: Uint32Array.from(pairs, ([, low]) => low) }
}

export function kindFeatures(kind: number, next: Random, count: number, components: number): KindFeatures {
  const starts = [0]
  const postings: { component: number; unit: number; set: number; name: number }[] = []
  for (let i = 0; i < count; i++) {
    let component = below(next, components)
    for (let left = 1 + (below(next, 5) === 0 ? below(next, 4) : 0); left > 0; left--) {
      postings.push({ component, unit: below(next, 300), set: below(next, 500), name: below(next, 3) })
      component = Math.min(component + below(next, 3), components - 1)
    }
    starts.push(postings.length)
  }
  return {
    kind,
    ...sortedHashes(next, count),
    starts: Uint32Array.from(starts),
    component: Uint16Array.from(postings, ({ component }) => component),
    unit: Uint32Array.from(postings, ({ unit }) => unit),
    set: Uint32Array.from(postings, ({ set }) => set),
    ...(kind === 4 ? { name: Uint32Array.from(postings, ({ name }) => name) } : {}),
    families: Uint8Array.from({ length: count }, () => below(next, 5)),
    components: Uint8Array.from({ length: count }, () => 1 + below(next, 5)),
  }
}

const FILE = { sha256: 'ab'.repeat(32), buildId: 'c0ffee', arch: 'x86_64', release: 0, name: 'libalpha.so.1.0' }

/** Two builds of one build-id, one of which two components hold; the third has none. */
export const FILES: DatabaseContent['files'] = [
  { ...FILE, component: 0 },
  { ...FILE, component: 1, name: 'libbeta.so' },
  { ...FILE, component: 0, sha256: 'cd'.repeat(32), arch: 'aarch64' },
  { ...FILE, component: 2, sha256: '00'.repeat(32), buildId: null, name: 'gamma' },
]

/** One row of {@link LookupHits} as an object. */
export interface Row {
  readonly query: number
  readonly component: number
  readonly unit: number
  readonly set: number
  readonly name: number
  readonly families: number
  readonly holders: number
}

export function rowsOf(hits: LookupHits): Row[] {
  return Array.from({ length: hits.count }, (_, i) => ({
    query: hits.queries[i]!,
    component: hits.components[i]!,
    unit: hits.units[i]!,
    set: hits.sets[i]!,
    name: hits.names[i]!,
    families: hits.families[i]!,
    holders: hits.holders[i]!,
  }))
}

/** The rows that a feature stands for, as those of `query`. */
export function expectedRows(features: KindFeatures, feature: number, query: number): Row[] {
  const rows: Row[] = []
  for (let p = features.starts[feature]!; p < features.starts[feature + 1]!; p++)
    rows.push({
      query,
      component: features.component[p]!,
      unit: features.unit[p]!,
      set: features.set[p]!,
      name: features.name?.[p] ?? 0,
      families: features.families[feature]!,
      holders: features.components[feature]!,
    })
  return rows
}

/** A database of three components with `count` features of kind 1 and a tenth of them of kinds 3 and 4. */
export function databaseContent(seed: number, count: number): DatabaseContent {
  const next = random(seed)
  const names = ['alpha', 'beta', 'gamma']
  const components: ComponentRecord[] = names.map((name) => ({
    name,
    aliases: [`lib${name}`],
    purl: `pkg:github/example/${name}`,
    cpes: [`example:${name}`],
    family: name === 'beta' ? 'greek' : null,
    sonames: [`lib${name}`],
    versionedNames: [`lib${name}`],
    order: 'numeric',
    releases: [{ version: '1.0', origin: 'source', provenance: 'tag v1.0' }],
    units: [
      {
        path: 'src/a.c',
        vendored: false,
        totals: { strings: [0, 12, 3, 15], tables: [], bigEndianTables: [0, 2], immediates: [1, 7] },
      },
    ],
    sets: [[0, 0], []],
    templates: [{ unit: 0, set: 0, selfNaming: true, head: false, headerOnly: false }],
  }))
  const tenth = Math.floor(count / 10)
  const features = [1, 3, 4].map((kind) => kindFeatures(kind, next, kind === 1 ? count : tenth, 3))
  return {
    manifest: {
      schema: SCHEMA,
      digest: seed.toString(16),
      components: names,
      releases: 3,
      units: 3,
      features: { 1: count, 3: tenth, 4: tenth },
    },
    components,
    functionNames: [['inflate', 'main'], [], ['run']],
    builtFunctions: [
      { units: [0, 0], names: [0, 1], sets: [0, 1] },
      { units: [], names: [], sets: [] },
      { units: [0], names: [0], sets: [0] },
    ],
    files: FILES,
    features,
  }
}
