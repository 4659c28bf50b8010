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
  const postings: { component: number; unit: number; set: number }[] = []
  for (let i = 0; i < count; i++) {
    let component = below(next, components)
    for (let left = 1 + (below(next, 5) === 0 ? below(next, 4) : 0); left > 0; left--) {
      postings.push({ component, unit: below(next, 300), set: below(next, 500) })
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
    families: Uint8Array.from({ length: count }, () => below(next, 5)),
    components: Uint8Array.from({ length: count }, () => 1 + below(next, 5)),
  }
}

/** A database of three components with `count` features of kind 1 and a tenth of them of kind 3. */
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
  const features = [kindFeatures(1, next, count, 3), kindFeatures(3, next, Math.floor(count / 10), 3)]
  return {
    manifest: {
      schema: SCHEMA,
      digest: seed.toString(16),
      components: names,
      releases: 3,
      units: 3,
      features: { 1: count, 3: Math.floor(count / 10) },
    },
    components,
    functionNames: [['main'], [], []],
    files: [],
    features,
  }
}
